package pickle

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/big"
	"slices"
	"time"
)

// The protocols that are written.
const (
	lowestWritten   = 2
	highestWritten  = 4
	DefaultProtocol = 4
)

// An Encoder writes pickles. The zero Encoder writes protocol 4 within the
// default limits. It may be used by several goroutines at once.
type Encoder struct {
	// Protocol is 2, which Python 2.7 reads too, 3 or 4. The default is 4, which every
	// Python since 3.4 reads, and which pickle.dumps writes from Python 3.8 to 3.13
	// when it is told no other.
	Protocol int
	// Limits bound what is written; Input is the length of the pickle.
	Limits Limits
}

// Marshal returns the pickle of v, in protocol 4. See the package
// documentation for what becomes of the Go types. Equal values have equal
// pickles: the keys of maps are sorted. The bytes are those that Python's
// pickle.dumps writes for what pickle.loads makes of them, with the exceptions
// that the package documentation lists.
func Marshal(v any) ([]byte, error) { return Encoder{}.Marshal(v) }

// Marshal is [Marshal] with e's protocol and limits.
func (e Encoder) Marshal(v any) ([]byte, error) {
	if e.Protocol == 0 {
		e.Protocol = DefaultProtocol
	}
	if e.Protocol < lowestWritten || e.Protocol > highestWritten {
		return nil, fmt.Errorf("pickle: protocol %d cannot be written; 2, 3 and 4 can", e.Protocol)
	}
	return e.marshal(v)
}

// MarshalLike is Marshal in the protocol of an earlier pickle, as far as that is 3, 4 or
// 5: Python, which compares what it reads with its own pickle of it, writes its own
// protocol. Protocol is for when there is no earlier pickle, or an older one.
func (e Encoder) MarshalLike(v any, earlier []byte) ([]byte, error) {
	if len(earlier) < 2 || earlier[0] != opProto || earlier[1] < 3 || earlier[1] > highestProtocol {
		return e.Marshal(v)
	}
	e.Protocol = int(earlier[1])
	return e.marshal(v)
}

func (e Encoder) marshal(v any) ([]byte, error) {
	limits := e.Limits.withDefaults()
	w := writer{protocol: e.Protocol, limits: &limits, budget: newBudget(&limits)}
	w.buf = append(w.buf, opProto, byte(e.Protocol))
	w.openFrame()
	if err := w.value(v, limits.Depth); err != nil {
		return nil, err
	}
	w.op(opStop)
	w.closeFrame()
	if len(w.buf) > limits.Input {
		return nil, exceeded("bytes of output", limits.Input)
	}
	return w.buf, nil
}

// A writer writes the bytes of CPython's pickler. memo.go says which values it
// refers to, and frames.go where it cuts.
type writer struct {
	buf      []byte
	protocol int
	limits   *Limits
	budget   budget
	memo     memo
	frame    int // where the open frame begins
}

// value writes v, which may be nested depth levels deep. A Go value that holds
// itself uses up the levels.
func (w *writer) value(v any, depth int) error {
	if err := w.budget.takeElements(1); err != nil {
		return err
	}
	w.boundary()
	switch v := v.(type) {
	case nil:
		w.op(opNone)
		return nil
	case bool:
		w.bool(v)
		return nil
	case string:
		return w.string(v)
	case int:
		w.int(int64(v))
		return nil
	case int64:
		w.int(v)
		return nil
	case float64:
		w.op(opBinFloat)
		w.buf = binary.BigEndian.AppendUint64(w.buf, math.Float64bits(v))
		return nil
	case []byte:
		return w.bytes(v)
	case map[string]any:
		return w.stringMap(v, depth)
	case []any:
		return w.list(v, depth)
	}
	if done, err := w.pythonValue(v, depth); done || err != nil {
		return err
	}
	return w.reflected(v, depth)
}

// pythonValue writes the types of this package and the two that Go has for
// Python's.
func (w *writer) pythonValue(v any, depth int) (done bool, err error) {
	switch v := v.(type) {
	case Tuple:
		return true, w.tuple(v, depth)
	case Set:
		return true, w.set("set", v, depth)
	case FrozenSet:
		return true, w.set("frozenset", v, depth)
	case ByteArray:
		return true, w.byteArray(v)
	case Surrogates:
		if !validSurrogates(v) {
			return true, fmt.Errorf("%w: Surrogates that are not UTF-8 apart from surrogates", ErrUnsupported)
		}
		return true, w.characters(string(v))
	case Decimal:
		return true, w.decimal(v)
	case UUID:
		w.uuid(v)
	case *Dict:
		if v == nil {
			w.op(opNone)
			return true, nil
		}
		return true, w.dict(*v, depth)
	case Dict:
		return true, w.dict(v, depth)
	case *OrderedDict:
		if v == nil {
			w.op(opNone)
			return true, nil
		}
		return true, w.orderedDict(*v, depth)
	case OrderedDict:
		return true, w.orderedDict(v, depth)
	case DateTime:
		return true, w.dateTime(v)
	case Date:
		return true, w.date(v)
	case Time:
		return true, w.timeOfDay(v)
	case TimeDelta:
		return true, w.timeDelta(v)
	case time.Time:
		return true, w.instant(v)
	case big.Int:
		return true, w.bigInt(&v)
	case *big.Int:
		if v == nil {
			w.op(opNone)
			return true, nil
		}
		return true, w.bigInt(v)
	default:
		return false, nil
	}
	return true, nil
}

func (w *writer) stringMap(m map[string]any, depth int) error {
	if depth <= 0 {
		return w.tooDeep()
	}
	w.op(opEmptyDict)
	w.memoize()
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return w.batches(dictBatches, len(keys), func(i int) error {
		k := keys[i]
		if err := w.budget.takeElements(1); err != nil {
			return err
		}
		if err := w.string(k); err != nil {
			return atKey(k, err)
		}
		return atKey(k, w.value(m[k], depth-1))
	})
}

func (w *writer) tooDeep() error {
	return fmt.Errorf("%w (or a value that contains itself)", exceeded("levels of nesting", w.limits.Depth))
}

// mark begins the contents of a container. The reader counts a mark as a value.
func (w *writer) mark() error {
	w.op(opMark)
	return w.budget.takeElements(1)
}

func (w *writer) list(elems []any, depth int) error {
	if depth <= 0 {
		return w.tooDeep()
	}
	w.op(opEmptyList)
	w.memoize()
	return w.elements(listBatches, elems, depth)
}

func (w *writer) elements(b batching, elems []any, depth int) error {
	return w.batches(b, len(elems), func(i int) error {
		return atIndex(i, w.value(elems[i], depth-1))
	})
}
