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
	if err := w.room(len(s)); err != nil {
		return err
	}
	if w.protocol >= 4 && len(s) <= math.MaxUint8 {
		w.op(opShortBinUnicode, byte(len(s)))
	} else {
		w.op(opBinUnicode)
		w.buf = binary.LittleEndian.AppendUint32(w.buf, uint32(len(s)))
	}
	w.buf = append(w.buf, s...)
	return nil
}

// room refuses what would make the pickle too long before it is copied.
func (w *writer) room(n int) error {
	if n > w.limits.Input-len(w.buf) {
		return exceeded("bytes of output", w.limits.Input)
	}
	return w.budget.takeBytes(n)
}

func (w *writer) bytes(b []byte) error {
	if err := w.room(len(b)); err != nil {
		return err
	}
	switch {
	case w.protocol < 3 && len(b) == 0:
		w.global("bytes")
		w.op(opEmptyTuple, opReduce)
	case w.protocol < 3:
		// Python 2 has no bytes, only str; this makes one in either Python.
		w.module("_codecs", "encode")
		s := latin1Text(b)
		if err := w.characters(s); err != nil {
			return err
		}
		if err := w.characters("latin1"); err != nil {
			return err
		}
		w.op(opTuple2, opReduce)
	case len(b) <= math.MaxUint8:
		w.op(opShortBinBytes, byte(len(b)))
		w.buf = append(w.buf, b...)
	default:
		w.op(opBinBytes)
		w.buf = binary.LittleEndian.AppendUint32(w.buf, uint32(len(b)))
		w.buf = append(w.buf, b...)
	}
	return nil
}

func latin1Text(b []byte) string {
	runes := make([]byte, 0, 2*len(b))
	for _, c := range b {
		runes = utf8.AppendRune(runes, rune(c))
	}
	return string(runes)
}
