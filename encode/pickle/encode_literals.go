package pickle

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/big"
	"unicode/utf8"
)

func (w *writer) op(ops ...byte) { w.buf = append(w.buf, ops...) }

func (w *writer) bool(v bool) {
	if v {
		w.op(opNewTrue)
	} else {
		w.op(opNewFalse)
	}
}

func (w *writer) int(n int64) {
	switch {
	case n >= 0 && n <= math.MaxUint8:
		w.op(opBinInt1, byte(n))
	case n >= 0 && n <= math.MaxUint16:
		w.op(opBinInt2, byte(n), byte(n>>8))
	case n >= math.MinInt32 && n <= math.MaxInt32:
		w.op(opBinInt)
		w.buf = binary.LittleEndian.AppendUint32(w.buf, uint32(int32(n)))
	default:
		w.long(toTwosComplement(big.NewInt(n)))
	}
}

func (w *writer) long(b []byte) {
	if len(b) <= math.MaxUint8 {
		w.op(opLong1, byte(len(b)))
	} else {
		w.op(opLong4)
		w.buf = binary.LittleEndian.AppendUint32(w.buf, uint32(len(b)))
	}
	w.buf = append(w.buf, b...)
}

func (w *writer) bigInt(n *big.Int) error {
	if n.IsInt64() {
		w.int(n.Int64())
		return nil
	}
	b := toTwosComplement(n)
	if len(b) > w.limits.intBytes() {
		return exceeded("digits in an int", w.limits.IntDigits)
	}
	w.long(b)
	return nil
}

func (w *writer) string(s string) error {
	if !utf8.ValidString(s) {
		return fmt.Errorf("%w: a string is not UTF-8; use []byte for other bytes", ErrUnsupported)
	}
	return w.characters(s)
}

// characters writes a str from its UTF-8.
func (w *writer) characters(s string) error {
	if !isOneInPython(s) {
		return w.freshCharacters(s)
	}
	w.boundary()
	key := memoKey{memoString, s}
	if w.refer(key) {
		return w.room(len(s))
	}
	w.memo.set(key, w.memo.puts)
	return w.freshCharacters(s)
}

// freshCharacters writes a str to which the pickle does not refer again.
func (w *writer) freshCharacters(s string) error {
	w.boundary()
	if err := w.room(len(s)); err != nil {
		return err
	}
	if w.protocol >= 4 && len(s) <= math.MaxUint8 {
		w.op(opShortBinUnicode, byte(len(s)))
		w.buf = append(w.buf, s...)
	} else {
		w.counted(opBinUnicode, s)
	}
	w.memoize()
	return nil
}

// room refuses what would make the pickle too long before it is copied.
func (w *writer) room(n int) error {
	if n > w.limits.Input-len(w.buf) {
		return exceeded("bytes of output", w.limits.Input)
	}
	return w.budget.takeBytes(n)
}

func (w *writer) bytes(b []byte) error { return w.bytesOf(b, false) }

// bytesOf writes bytes. Those that are fresh are equal to no other object in
// Python, even where Python has one object for all that a pickle makes.
func (w *writer) bytesOf(b []byte, fresh bool) error {
	w.boundary()
	if err := w.room(len(b)); err != nil {
		return err
	}
	one := len(b) == 0 || len(b) == 1 && w.protocol < 3 && !fresh
	key := memoKey{kind: memoBytes}
	if one {
		key.text = string(b)
		if w.refer(key) {
			return nil
		}
	}
	switch {
	case w.protocol < 3:
		if err := w.oldBytes(b); err != nil {
			return err
		}
	case len(b) <= math.MaxUint8:
		w.op(opShortBinBytes, byte(len(b)))
		w.buf = append(w.buf, b...)
	default:
		w.counted(opBinBytes, string(b))
	}
	if one {
		w.memo.set(key, w.memo.puts)
	}
	w.memoize()
	return nil
}

// oldBytes writes bytes for Python 2, which has no bytes, only str: a call makes
// them in either Python.
func (w *writer) oldBytes(b []byte) error {
	if len(b) == 0 {
		w.builtin("bytes")
		w.op(opEmptyTuple, opReduce)
		return nil
	}
	w.class("_codecs", "encode")
	if err := w.characters(latin1Text(b)); err != nil {
		return err
	}
	if err := w.name("latin1"); err != nil {
		return err
	}
	w.op(opTuple2)
	w.memoize()
	w.op(opReduce)
	return nil
}

func latin1Text(b []byte) string {
	runes := make([]byte, 0, 2*len(b))
	for _, c := range b {
		runes = utf8.AppendRune(runes, rune(c))
	}
	return string(runes)
}
