package pickle

import (
	"encoding/binary"
	"fmt"
)

// A Decoder reads pickles within Limits. The zero Decoder has the default
// limits. It may be used by several goroutines at once.
type Decoder struct {
	Limits Limits
	// Ordered reads every dict as a *Dict, which keeps the order of the keys, also
	// where all of them are text.
	Ordered bool
}

// Unmarshal reads one pickle and stores what it holds where v points. See the
// package documentation for the Go types; into anything but *any the value is
// converted when that loses nothing, and it is an error when it does.
func Unmarshal(data []byte, v any) error { return Decoder{}.Unmarshal(data, v) }

// Unmarshal is [Unmarshal] within d's limits.
func (d Decoder) Unmarshal(data []byte, v any) error {
	value, err := d.decode(data)
	if err != nil {
		return err
	}
	return store(value, v)
}

func (d Decoder) decode(data []byte) (any, error) {
	limits := d.Limits.withDefaults()
	if len(data) > limits.Input {
		return nil, exceeded("bytes of input", limits.Input)
	}
	m := machine{data: data, limits: &limits, budget: newBudget(&limits)}
	m.stack = m.room[:0]
	top, err := m.run()
	if err != nil {
		return nil, err
	}
	r := resolver{budget: newBudget(&limits), ordered: d.Ordered}
	return r.resolve(top, limits.Depth)
}

// A machine is the pickle machine less everything that could call Python: its
// stack and memo hold only literals, the containers in parts.go and the
// classes of globals.go.
type machine struct {
	data   []byte
	pos    int
	limits *Limits
	budget budget
	stack  []any
	marks  []int // heights of the stack at which a MARK stands
	memo   []any // nil where nothing was put
	puts   int   // entries in memo
	room   [32]any
}

// run executes data up to its STOP, which must be the last byte.
func (m *machine) run() (any, error) {
	for {
		start := m.pos
		op, err := m.byte()
		if err != nil {
			return nil, err
		}
		if op == opStop {
			break
		}
		if err := m.step(op); err != nil {
			return nil, fmt.Errorf("%w (byte %d)", err, start)
		}
	}
	if m.pos != len(m.data) {
		return nil, malformed("%d bytes follow the pickle", len(m.data)-m.pos)
	}
	// What lies below is nobody's, for Python as well.
	return m.pop()
}

func (m *machine) step(op byte) error {
	switch op {
	case opNone:
		return m.push(nil)
	case opNewTrue:
		return m.push(true)
	case opNewFalse:
		return m.push(false)
	case opInt, opBinInt, opBinInt1, opBinInt2, opLong, opLong1, opLong4, opFloat, opBinFloat:
		return m.number(op)
	case opString, opBinString, opShortBinString, opUnicode, opBinUnicode, opShortBinUnicode, opBinUnicode8,
		opBinBytes, opShortBinBytes, opBinBytes8, opByteArray8:
		return m.characters(op)
	case opMark, opEmptyList, opEmptyDict, opEmptyTuple, opEmptySet, opAppend, opAppends, opSetItem, opSetItems,
		opAddItems, opList, opDict, opTuple, opTuple1, opTuple2, opTuple3, opFrozenSet:
		return m.container(op)
	case opGlobal, opStackGlobal, opReduce, opNewObj, opBuild:
		return m.class(op)
	case opGet, opBinGet, opLongBinGet, opPut, opBinPut, opLongBinPut, opMemoize:
		return m.memory(op)
	case opProto:
		version, err := m.byte()
		if err == nil && (version > highestProtocol || m.pos != 2) {
			err = malformed("protocol %d is not known, or not announced at the start", version)
		}
		return err
	case opFrame:
		// Frames let a reader fetch ahead; here everything is at hand.
		b, err := m.take(8)
		if err == nil && binary.LittleEndian.Uint64(b) > uint64(m.left()) {
			err = malformed("a frame is longer than the input")
		}
		return err
	}
	if name, ok := refusedOpcodes[op]; ok {
		if op == 'i' {
			// INST names a class and calls it; the name is worth reporting.
			if err := m.global(); err != nil {
				return err
			}
		}
		return malformed("opcode %s is not read", name)
	}
	return malformed("opcode 0x%02x is not read", op)
}

func (m *machine) push(v any) error {
	if err := m.budget.takeElements(1); err != nil {
		return err
	}
	m.stack = append(m.stack, v)
	return nil
}

// pop takes the topmost value, never one below a mark.
func (m *machine) pop() (any, error) {
	floor := 0
	if n := len(m.marks); n > 0 {
		floor = m.marks[n-1]
	}
	n := len(m.stack)
	if n <= floor {
		return nil, malformed("the stack is empty")
	}
	v := m.stack[n-1]
	m.stack = m.stack[:n-1]
	return v, nil
}

// popMark takes all values above the topmost mark, and the mark. They are good
// until the next push.
func (m *machine) popMark() ([]any, error) {
	n := len(m.marks)
	if n == 0 {
		return nil, malformed("there is no mark")
	}
	height := m.marks[n-1]
	m.marks = m.marks[:n-1]
	values := m.stack[height:]
	m.stack = m.stack[:height]
	return values, nil
}

func (m *machine) memory(op byte) error {
	var index uint64
	var err error
	switch op {
	case opGet, opPut:
		index, err = m.decimalIndex()
	case opBinGet, opBinPut:
		index, err = m.size(1)
	case opLongBinGet, opLongBinPut:
		index, err = m.size(4)
	case opMemoize:
		index = uint64(m.puts)
	}
	if err != nil {
		return err
	}
	switch op {
	case opGet, opBinGet, opLongBinGet:
		if index >= uint64(len(m.memo)) || m.memo[index] == nil {
			return malformed("nothing was kept under %d", index)
		}
		v := m.memo[index]
		if _, ok := v.(keptNone); ok {
			v = nil
		}
		return m.push(v)
	}
	return m.keep(index)
}

// keptNone stands for None in the memo, where nil means nothing.
type keptNone struct{}

func (m *machine) keep(index uint64) error {
	v, err := m.pop()
	if err != nil {
		return err
	}
	m.stack = append(m.stack, v)
	if v == nil {
		v = keptNone{}
	}
	if index >= uint64(m.limits.Memo) {
		return exceeded("values in the memo", m.limits.Memo)
	}
	// Python counts its puts, and each is a byte at least. So an index past
	// the length is no pickle's, and the memo grows no faster than the input.
	if index >= uint64(len(m.data)) {
		return malformed("a memo index is longer than the input")
	}
	for uint64(len(m.memo)) <= index {
		m.memo = append(m.memo, nil)
	}
	if m.memo[index] == nil {
		m.puts++
	}
	m.memo[index] = v
	return nil
}
