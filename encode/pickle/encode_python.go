package pickle

import (
	"fmt"
	"math/big"
	"time"
)

// builtin puts a builtin class on the stack.
func (w *writer) builtin(name string) {
	if w.protocol < 3 {
		w.class("__builtin__", name) // as Python 2 calls it; Python 3 translates
		return
	}
	w.class("builtins", name)
}

// class puts a class, or a function, on the stack.
func (w *writer) class(module, name string) {
	w.boundary()
	key := memoKey{memoClass, module + "." + name}
	if w.refer(key) {
		return
	}
	if w.protocol < 4 {
		w.op(opGlobal)
		w.buf = append(w.buf, module...)
		w.op('\n')
		w.buf = append(w.buf, name...)
		w.op('\n')
	} else {
		// Both are short and within any limits. Python makes the name anew for each
		// class, and has each module's once.
		_ = w.name(module)
		_ = w.freshCharacters(name)
		w.op(opStackGlobal)
	}
	w.keep(key)
}

// name writes a str of which Python's own code has one object: what reads the
// pickle makes it anew, and writes it from there.
func (w *writer) name(s string) error {
	w.boundary()
	if w.refer(memoKey{memoName, s}) {
		return nil
	}
	w.memo.set(memoKey{memoName, s}, w.memo.puts)
	return w.freshCharacters(s)
}

func (w *writer) tuple(elems []any, depth int) error {
	if depth <= 0 {
		return w.tooDeep()
	}
	n := len(elems)
	if n == 0 {
		w.op(opEmptyTuple)
		return nil
	}
	short := n <= 3
	if !short {
		if err := w.mark(); err != nil {
			return err
		}
	}
	for i, e := range elems {
		if err := w.value(e, depth-1); err != nil {
			return atIndex(i, err)
		}
	}
	if short {
		w.op([]byte{opTuple1, opTuple2, opTuple3}[n-1])
	} else {
		w.op(opTuple)
	}
	w.memoize()
	return nil
}

func (w *writer) set(class string, elems []any, depth int) error {
	if depth <= 0 {
		return w.tooDeep()
	}
	for i, e := range elems {
		if _, err := keyOf(e); err != nil {
			return atIndex(i, err)
		}
	}
	switch {
	case w.protocol < 4:
		w.builtin(class)
		w.boundary()
		if err := w.list(elems, depth); err != nil {
			return err
		}
		w.reduced(opTuple1)
		return nil
	case class == "set":
		w.op(opEmptySet)
		w.memoize()
		return w.elements(setBatches, elems, depth)
	default:
		if err := w.mark(); err != nil {
			return err
		}
		for i, e := range elems {
			if err := w.value(e, depth-1); err != nil {
				return atIndex(i, err)
			}
		}
		w.op(opFrozenSet)
		w.memoize()
		return nil
	}
}

func (w *writer) byteArray(b ByteArray) error {
	if w.protocol >= 5 {
		if err := w.room(len(b)); err != nil {
			return err
		}
		w.counted(opByteArray8, string(b))
		w.memoize()
		return nil
	}
	w.builtin("bytearray")
	w.boundary()
	if len(b) == 0 {
		w.op(opEmptyTuple, opReduce)
		w.memoize()
		return nil
	}
	if err := w.bytesOf(b, true); err != nil {
		return err
	}
	w.reduced(opTuple1)
	return nil
}

func (w *writer) decimal(d Decimal) error {
	if err := d.check(); err != nil {
		return fmt.Errorf("%w: a Decimal is not a number", ErrUnsupported)
	}
	if len(d) > w.limits.IntDigits {
		return exceeded("digits in a Decimal", w.limits.IntDigits)
	}
	w.class("decimal", "Decimal")
	w.boundary()
	if err := w.freshCharacters(string(d)); err != nil { // str() makes it
		return err
	}
	w.reduced(opTuple1)
	return nil
}

// reduced ends a call whose arguments are on the stack.
func (w *writer) reduced(tuple byte) {
	w.op(tuple)
	w.memoize()
	w.op(opReduce)
	w.memoize()
}

func (w *writer) uuid(u UUID) {
	w.class("uuid", "UUID")
	w.boundary()
	w.op(opEmptyTuple, opNewObj)
	w.memoize()
	w.boundary()
	w.op(opEmptyDict)
	w.memoize()
	// A short str and an int of 16 bytes are within any limits.
	_ = w.name("int")
	w.boundary()
	_ = w.bigInt(new(big.Int).SetBytes(u[:]))
	w.op(opSetItem, opBuild)
}

func (w *writer) orderedDict(d OrderedDict, depth int) error {
	if depth <= 0 {
		return w.tooDeep()
	}
	w.class("collections", "OrderedDict")
	w.boundary()
	w.op(opEmptyTuple, opReduce)
	w.memoize()
	return w.items(orderedBatches, d.Items, depth)
}

func (w *writer) dict(d Dict, depth int) error {
	if depth <= 0 {
		return w.tooDeep()
	}
	w.op(opEmptyDict)
	w.memoize()
	return w.items(dictBatches, d.Items, depth)
}

func (w *writer) items(b batching, items []Item, depth int) error {
	return w.batches(b, len(items), func(i int) error {
		item := items[i]
		if _, err := keyOf(item.Key); err != nil {
			return err
		}
		if err := w.value(item.Key, depth-1); err != nil {
			return atKey(item.Key, err)
		}
		return atKey(item.Key, w.value(item.Value, depth-1))
	})
}

func (w *writer) timeDelta(d TimeDelta) error {
	if err := d.check(); err != nil {
		return fmt.Errorf("%w: a TimeDelta is out of range", ErrUnsupported)
	}
	w.class("datetime", "timedelta")
	for _, n := range [...]int{d.Days, d.Seconds, d.Microseconds} {
		w.boundary()
		w.int(int64(n))
	}
	w.reduced(opTuple3)
	return nil
}

func (w *writer) date(d Date) error {
	if d.check() != nil {
		return fmt.Errorf("%w: a Date is out of range", ErrUnsupported)
	}
	w.class("datetime", "date")
	return w.stateAndZone(appendDateState(nil, d), nil)
}

func (w *writer) timeOfDay(t Time) error {
	if t.check() != nil {
		return fmt.Errorf("%w: a Time is out of range", ErrUnsupported)
	}
	state := appendTimeState(nil, t)
	if t.Fold != 0 && w.protocol >= 4 {
		state[0] |= foldBit // Python, too, leaves the fold out before protocol 4
	}
	w.class("datetime", "time")
	return w.stateAndZone(state, t.Zone)
}

func (w *writer) dateTime(d DateTime) error {
	if d.date().check() != nil || d.time().check() != nil {
		return fmt.Errorf("%w: a DateTime is out of range", ErrUnsupported)
	}
	state := appendTimeState(appendDateState(nil, d.date()), d.time())
	if d.Fold != 0 && w.protocol >= 4 {
		state[2] |= foldBit
	}
	w.class("datetime", "datetime")
	return w.stateAndZone(state, d.Zone)
}

func (w *writer) stateAndZone(state []byte, z *Zone) error {
	w.boundary()
	if err := w.bytes(state); err != nil {
		return err
	}
	if z == nil {
		w.reduced(opTuple1)
		return nil
	}
	if err := w.zone(z); err != nil {
		return err
	}
	w.reduced(opTuple2)
	return nil
}

func (w *writer) zone(z *Zone) error {
	w.boundary()
	isUTC := *z == Zone{}
	if isUTC && w.refer(utc) {
		return nil
	}
	w.class("datetime", "timezone")
	w.boundary()
	if err := w.timeDelta(z.Offset); err != nil {
		return err
	}
	tuple := byte(opTuple1)
	if z.Name != "" {
		if err := w.string(z.Name); err != nil {
			return err
		}
		tuple = opTuple2
	}
	w.reduced(tuple)
	if isUTC {
		w.memo.set(utc, w.memo.puts-1)
	}
	return nil
}

// instant writes an aware datetime with the offset that t has, but not the
// name of its zone: Python would take "CET" for a zone that is always CET.
func (w *writer) instant(t time.Time) error {
	d := DateTimeOf(t)
	_, offset := t.Zone()
	zone, err := newTimeDelta(0, int64(offset), 0)
	if err != nil {
		return err
	}
	d.Zone = &Zone{Offset: zone}
	return w.dateTime(d)
}
