package pickle

import "unicode/utf8"

// A class is a name on the allow-list. It stands on the stack until REDUCE,
// NEWOBJ or BUILD says what to make of it; no Python is ever called.
type class struct {
	name string
	// make is nil for names that only appear as arguments.
	make func(m *machine, args []any) (any, error)
}

// These two are compared with, the first also made by NEWOBJ.
var (
	uuidClass   = &class{name: "uuid.UUID"}
	objectClass = &class{name: "builtins.object"}
)

// reconstructor is how protocols 0 and 1 make a uuid.UUID.
const reconstructor = "copyreg._reconstructor"

// classes is the allow-list.
var classes = map[string]*class{
	"_codecs.encode":          {"_codecs.encode", makeEncoded},
	"builtins.bytes":          {"builtins.bytes", makeBytes},
	"builtins.bytearray":      {"builtins.bytearray", makeByteArray},
	"builtins.set":            {"builtins.set", makeSet},
	"builtins.frozenset":      {"builtins.frozenset", makeFrozenSet},
	"builtins.object":         objectClass,
	"collections.OrderedDict": {"collections.OrderedDict", makeOrderedDict},
	reconstructor:             {reconstructor, makeReconstructed},
	"datetime.date":           {"datetime.date", makeDate},
	"datetime.datetime":       {"datetime.datetime", makeDateTime},
	"datetime.time":           {"datetime.time", makeTime},
	"datetime.timedelta":      {"datetime.timedelta", makeTimeDelta},
	"datetime.timezone":       {"datetime.timezone", makeTimeZone},
	"decimal.Decimal":         {"decimal.Decimal", makeDecimal},
	"uuid.UUID":               uuidClass,
}

// python3Modules are the modules whose names Python 2 and the protocols it
// reads spell differently.
var python3Modules = map[string]string{"__builtin__": "builtins", "copy_reg": "copyreg"}

func (m *machine) class(op byte) error {
	switch op {
	case opGlobal:
		return m.global()
	case opStackGlobal:
		return m.stackGlobal()
	}
	arg, err := m.pop()
	if err != nil {
		return err
	}
	target, err := m.pop()
	if err != nil {
		return err
	}
	if op == opBuild {
		m.stack = append(m.stack, target)
		return build(target, arg)
	}
	c, ok := target.(*class)
	args, isTuple := arg.(*sequence)
	if !ok || !isTuple || args.kind != kindTuple {
		return malformed("something that is not a class is called")
	}
	if op == opNewObj {
		if c != uuidClass || len(args.items) != 0 {
			return malformed("%s is not made this way", c.name)
		}
		return m.push(&object{})
	}
	if c.make == nil {
		return malformed("%s is not made this way", c.name)
	}
	v, err := c.make(m, args.items)
	if err != nil {
		return err
	}
	return m.push(v)
}

func (m *machine) global() error {
	module, err := m.line()
	if err != nil {
		return err
	}
	name, err := m.line()
	if err != nil {
		return err
	}
	return m.pushClass(string(module), string(name))
}

func (m *machine) stackGlobal() error {
	name, err := m.pop()
	if err != nil {
		return err
	}
	module, err := m.pop()
	if err != nil {
		return err
	}
	n, ok1 := name.(string)
	mod, ok2 := module.(string)
	if !ok1 || !ok2 {
		return malformed("a class has no name")
	}
	return m.pushClass(mod, n)
}

func (m *machine) pushClass(module, name string) error {
	canonical := module
	if m, ok := python3Modules[module]; ok {
		canonical = m
	}
	c, ok := classes[canonical+"."+name]
	if !ok {
		return newClassError(module, name)
	}
	return m.push(c)
}

func badArguments(name string) error { return malformed("%s has unusual arguments", name) }

// makeEncoded is how bytes are written before protocol 3.
func makeEncoded(m *machine, args []any) (any, error) {
	if len(args) == 2 && isLatin1(args[1]) {
		if s, ok := args[0].(string); ok {
			return m.latin1(s)
		}
	}
	return nil, badArguments("_codecs.encode")
}

func isLatin1(v any) bool { return v == "latin1" || v == "latin-1" }

func (m *machine) latin1(s string) (rawBytes, error) {
	// A few bytes can ask for this again and again.
	if err := m.budget.takeBytes(len(s)); err != nil {
		return nil, err
	}
	b := make([]byte, 0, utf8.RuneCountInString(s))
	for _, r := range s {
		if r > 0xff {
			return nil, malformed("bytes hold a character that is not Latin-1")
		}
		b = append(b, byte(r))
	}
	return b, nil
}

func makeBytes(_ *machine, args []any) (any, error) {
	switch len(args) {
	case 0:
		return rawBytes(nil), nil
	case 1:
		if b, ok := args[0].(rawBytes); ok {
			return b, nil
		}
	}
	return nil, badArguments("bytes")
}

func makeByteArray(m *machine, args []any) (any, error) {
	switch len(args) {
	case 0:
		return rawByteArray(nil), nil
	case 1:
		if b, ok := args[0].(rawBytes); ok {
			return rawByteArray(b), nil
		}
	case 2: // Python 2
		if s, ok := args[0].(string); ok && isLatin1(args[1]) {
			b, err := m.latin1(s)
			return rawByteArray(b), err
		}
	}
	return nil, badArguments("bytearray")
}

func makeSet(m *machine, args []any) (any, error)       { return m.makeSet(kindSet, args) }
func makeFrozenSet(m *machine, args []any) (any, error) { return m.makeSet(kindFrozenSet, args) }

func (m *machine) makeSet(k kind, args []any) (any, error) {
	switch len(args) {
	case 0:
		return &sequence{kind: k}, nil
	case 1:
		if elems, ok := args[0].(*sequence); ok {
			// A few bytes can ask for this again and again.
			if err := m.budget.takeElements(len(elems.items)); err != nil {
				return nil, err
			}
			return &sequence{kind: k, items: clone(elems.items)}, nil
		}
	}
	return nil, badArguments("set")
}

// makeOrderedDict makes one that is empty, and filled by SETITEMS; Python 2
// passes a list of pairs.
func makeOrderedDict(m *machine, args []any) (any, error) {
	d := &mapping{kind: kindOrderedDict}
	if len(args) == 0 {
		return d, nil
	}
	pairs, ok := args[0].(*sequence)
	if !ok || len(args) != 1 {
		return nil, badArguments("OrderedDict")
	}
	if err := m.budget.takeElements(2 * len(pairs.items)); err != nil {
		return nil, err
	}
	for _, p := range pairs.items {
		pair, ok := p.(*sequence)
		if !ok || len(pair.items) != 2 {
			return nil, badArguments("OrderedDict")
		}
		d.items = append(d.items, pair.items...)
	}
	return d, nil
}
