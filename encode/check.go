package encode

import (
	"encoding"
	"reflect"
	"sync"
	"time"

	"github.com/pyramidgo/redissessions/encode/internal/convert"
)

// checker walks a value before it is encoded and refuses what the codec
// cannot write or could not read again. Without it a cyclic value would
// overflow the stack inside a library, which kills the process and cannot be
// recovered from.
type checker struct {
	fields     *convert.Rules // the fields of structs that the codec writes
	asText     bool           // numbers and times are text: no NaN, no infinities, no offsets of seconds
	bigInts    bool           // a *big.Int can be written
	marshalers []reflect.Type // interfaces of types that encode themselves
	pointers   pointerMethods
	opaque     *sync.Map // reflect.Type -> bool: implements one of them
}

// pointerMethods says when a codec calls methods that only a pointer to the value
// has.
type pointerMethods int

const (
	addressable pointerMethods = iota // when the value can be addressed, as in encoding/json
	anyPointer                        // always, or it refuses the value
)

// What the checkers and the codecs' encoders take for a struct's fields.
var (
	cborFields    = &convert.Rules{Tags: []string{"cbor", "json"}, DropTwins: true}
	jsonFields    = &convert.Rules{Tags: []string{"json"}, DropTwins: true}
	msgpackFields = &convert.Rules{Tags: []string{"msgpack", "json"}, DropTwins: true, InOrder: true, Whole: ownMsgPack}
)

// newChecker returns a checker that does not look into types that implement
// one of marshalers.
func newChecker(fields *convert.Rules, marshalers ...reflect.Type) *checker {
	return &checker{fields: fields, bigInts: true, marshalers: marshalers, opaque: new(sync.Map)}
}

var (
	textMarshaler   = reflect.TypeFor[encoding.TextMarshaler]()
	binaryMarshaler = reflect.TypeFor[encoding.BinaryMarshaler]()
)

// walk is one check's state.
type walk struct {
	*checker
	seen int

	// typed is set by a value that is not map[string]any, []any or a plain
	// kind.
	typed bool

	// unsure is set by a value of which only its encoding can tell whether it
	// can be decoded: one that encodes itself, or a map whose keys may be
	// equal once encoded, as int 1 and int64 1 are.
	unsure bool

	// zeroTime is set by a zero time outside structs and typed containers.
	zeroTime bool
}

// check says where a value is that cannot be encoded, and why, or what was
// seen on the way.
func (c *checker) check(v any) (walk, error) {
	w := walk{checker: c}
	if e := w.value(v, 0); e != nil {
		return w, e
	}
	return w, nil
}

// count adds to what the value costs, and reports whether that is within
// MaxElements.
func (w *walk) count(n int) bool {
	w.seen += n
	return w.seen <= MaxElements
}

func (w *walk) value(v any, depth int) *valueError {
	if !w.count(1) {
		return tooMany()
	}
	switch v := v.(type) {
	case nil, bool, int, int64, int32, int16, int8, uint, uint64, uint32, uint16, uint8, []byte:
		return nil
	case time.Time:
		w.zeroTime = w.zeroTime || v.IsZero()
		return nil
	case string:
		return text(v)
	case float64:
		return w.float(v)
	case map[string]any:
		if depth++; depth > MaxDepth {
			return tooDeep()
		}
		if !w.count(mapCost + len(v)) {
			return tooMany()
		}
		for key, elem := range v {
			if e := text(key); e != nil {
				return e.in(keyStep(key))
			}
			if e := w.value(elem, depth); e != nil {
				return e.in(keyStep(key))
			}
		}
		return nil
	case []any:
		if depth++; depth > MaxDepth {
			return tooDeep()
		}
		if !w.count(listCost) {
			return tooMany()
		}
		for i, elem := range v {
			if e := w.value(elem, depth); e != nil {
				return e.in(indexStep(i))
			}
		}
		return nil
	}
	w.typed = true
	return w.reflected(reflect.ValueOf(v), depth)
}
