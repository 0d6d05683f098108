package pickle

import (
	"fmt"
	"math/big"
	"time"
)

// global puts a builtin class on the stack.
func (w *writer) global(name string) {
	if w.protocol < 3 {
		w.module("__builtin__", name) // as Python 2 calls it; Python 3 translates
		return
	}
	w.module("builtins", name)
}

func (w *writer) module(module, name string) {
	w.op(opGlobal)
	w.buf = append(w.buf, module...)
	w.op('\n')
	w.buf = append(w.buf, name...)
	w.op('\n')
}

func (w *writer) tuple(elems []any, depth int) error {
	if depth <= 0 {
		return w.tooDeep()
	}
	switch n := len(elems); n {
	case 0:
		w.op(opEmptyTuple)
		return nil
	case 1, 2, 3:
		for i, e := range elems {
			if err := w.value(e, depth-1); err != nil {
				return atIndex(i, err)
			}
		}
		w.op([]byte{opTuple1, opTuple2, opTuple3}[n-1])
		return nil
	default:
		return w.marked(elems, depth, opTuple)
	}
}

func (w *writer) set(class string, elems []any, depth int) error {
	for i, e := range elems {
		if _, err := keyOf(e); err != nil {
			return atIndex(i, err)
		}
	}
	switch {
	case w.protocol < 4:
		w.global(class)
		if err := w.list(elems, depth); err != nil {
			return err
		}
		w.op(opTuple1, opReduce)
		return nil
	case class == "set":
		w.op(opEmptySet)
		return w.marked(elems, depth, opAddItems)
	case len(elems) == 0:
		w.op(opMark, opFrozenSet)
		return nil
	default:
		return w.marked(elems, depth, opFrozenSet)
	}
}

func (w *writer) byteArray(b ByteArray) error {
	w.global("bytearray")
	if len(b) == 0 {
		w.op(opEmptyTuple, opReduce)
		return nil
	}
	if err := w.bytes(b); err != nil {
		return err
	}
	w.op(opTuple1, opReduce)
	return nil
}

func (w *writer) decimal(d Decimal) error {
	if err := d.check(); err != nil {
		return fmt.Errorf("%w: a Decimal is not a number", ErrUnsupported)
	}
	if len(d) > w.limits.IntDigits {
		return exceeded("digits in a Decimal", w.limits.IntDigits)
	}
	w.module("decimal", "Decimal")
	if err := w.characters(string(d)); err != nil {
		return err
	}
	w.op(opTuple1, opReduce)
	return nil
}

func (w *writer) uuid(u UUID) {
	w.module("uuid", "UUID")
	w.op(opEmptyTuple, opNewObj, opEmptyDict)
	// A short str and an int of 16 bytes are within any limits.
	_ = w.characters("int")
	_ = w.bigInt(new(big.Int).SetBytes(u[:]))
	w.op(opSetItem, opBuild)
}

func (w *writer) orderedDict(d OrderedDict, depth int) error {
	w.module("collections", "OrderedDict")
	w.op(opEmptyTuple, opReduce)
	return w.setItems(d.Items, depth)
}

func (w *writer) dict(d Dict, depth int) error {
	w.op(opEmptyDict)
	return w.setItems(d.Items, depth)
}

func (w *writer) setItems(items []Item, depth int) error {
	if depth <= 0 {
		return w.tooDeep()
	}
	if len(items) == 0 {
		return nil
	}
	if err := w.mark(); err != nil {
		return err
	}
	for _, item := range items {
		if _, err := keyOf(item.Key); err != nil {
			return err
		}
		if err := w.value(item.Key, depth-1); err != nil {
			return atKey(item.Key, err)
		}
		if err := w.value(item.Value, depth-1); err != nil {
			return atKey(item.Key, err)
		}
	}
	w.op(opSetItems)
	return nil
}

func (w *writer) timeDelta(d TimeDelta) error {
	if err := d.check(); err != nil {
		return fmt.Errorf("%w: a TimeDelta is out of range", ErrUnsupported)
	}
	w.module("datetime", "timedelta")
	w.int(int64(d.Days))
	w.int(int64(d.Seconds))
	w.int(int64(d.Microseconds))
	w.op(opTuple3, opReduce)
	return nil
}

func (w *writer) date(d Date) error {
	if d.check() != nil {
		return fmt.Errorf("%w: a Date is out of range", ErrUnsupported)
	}
	w.module("datetime", "date")
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
	w.module("datetime", "time")
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
	w.module("datetime", "datetime")
	return w.stateAndZone(state, d.Zone)
}

func (w *writer) stateAndZone(state []byte, z *Zone) error {
	if err := w.bytes(state); err != nil {
		return err
	}
	if z == nil {
		w.op(opTuple1, opReduce)
		return nil
	}
	w.module("datetime", "timezone")
	if err := w.timeDelta(z.Offset); err != nil {
		return err
	}
	if z.Name == "" {
		w.op(opTuple1, opReduce, opTuple2, opReduce)
		return nil
	}
	if err := w.string(z.Name); err != nil {
		return err
	}
	w.op(opTuple2, opReduce, opTuple2, opReduce)
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
