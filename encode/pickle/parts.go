package pickle

// Containers on the machine's stack are pointers, because a pickle goes on
// filling one after it has been put into another or into the memo.

type kind uint8

const (
	kindList kind = iota
	kindTuple
	kindSet
	kindFrozenSet
	kindDict
	kindOrderedDict
)

// A sequence is a list, tuple, set or frozenset; a mapping's items are key,
// value, key, value.
type (
	sequence struct {
		items []any
		kind  kind
		open  bool // its items are being resolved
	}
	mapping struct {
		items []any
		kind  kind
		open  bool
	}
)

func (m *machine) container(op byte) error {
	switch op {
	case opMark:
		if err := m.budget.takeElements(1); err != nil {
			return err
		}
		m.marks = append(m.marks, len(m.stack))
		return nil
	case opEmptyList:
		return m.push(&sequence{kind: kindList})
	case opEmptySet:
		return m.push(&sequence{kind: kindSet})
	case opEmptyTuple:
		return m.push(&sequence{kind: kindTuple})
	case opEmptyDict:
		return m.push(&mapping{kind: kindDict})
	case opTuple1:
		return m.shortTuple(1)
	case opTuple2:
		return m.shortTuple(2)
	case opTuple3:
		return m.shortTuple(3)
	case opAppend, opSetItem:
		return m.addOne(op)
	}
	values, err := m.popMark()
	if err != nil {
		return err
	}
	switch op {
	case opList:
		return m.push(&sequence{kind: kindList, items: clone(values)})
	case opTuple:
		return m.push(&sequence{kind: kindTuple, items: clone(values)})
	case opFrozenSet:
		return m.push(&sequence{kind: kindFrozenSet, items: clone(values)})
	case opDict:
		d := &mapping{kind: kindDict}
		if err := d.add(values); err != nil {
			return err
		}
		return m.push(d)
	case opAppends:
		return m.extend(kindList, values)
	case opAddItems:
		return m.extend(kindSet, values)
	default: // opSetItems
		return m.extend(kindDict, values)
	}
}

// clone copies values off the stack, which the next push overwrites.
func clone(values []any) []any {
	if len(values) == 0 {
		return nil
	}
	return append(make([]any, 0, len(values)), values...)
}

func (m *machine) shortTuple(n int) error {
	items := make([]any, n)
	for i := n - 1; i >= 0; i-- {
		v, err := m.pop()
		if err != nil {
			return err
		}
		items[i] = v
	}
	return m.push(&sequence{kind: kindTuple, items: items})
}

// addOne is APPEND and SETITEM: the values on top go into what is below them.
func (m *machine) addOne(op byte) error {
	n, k := 1, kindList
	if op == opSetItem {
		n, k = 2, kindDict
	}
	var values [2]any
	for i := n - 1; i >= 0; i-- {
		v, err := m.pop()
		if err != nil {
			return err
		}
		values[i] = v
	}
	return m.extend(k, values[:n])
}

// extend adds values to the container on top of the stack.
func (m *machine) extend(k kind, values []any) error {
	top, err := m.pop()
	if err != nil {
		return err
	}
	m.stack = append(m.stack, top)
	switch c := top.(type) {
	case *sequence:
		if c.kind == k {
			c.items = append(c.items, values...)
			return nil
		}
	case *mapping:
		if k == kindDict {
			return c.add(values)
		}
	}
	return malformed("values are added to something that cannot hold them")
}

func (d *mapping) add(values []any) error {
	if len(values)%2 != 0 {
		return malformed("a dict key has no value")
	}
	d.items = append(d.items, values...)
	return nil
}
