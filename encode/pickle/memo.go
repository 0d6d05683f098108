package pickle

import (
	"encoding/binary"
	"math"
	"unicode/utf8"
)

// CPython keeps every value that is not a number, a bool or None in its memo, and
// refers to it where it meets the same object again. Nothing in Go says which equal
// values are one object, so each is written by itself, as Python writes what it has
// read from such a pickle. The exceptions are the values that Python has once
// whoever makes them: classes, the strings in its own code, the empty bytes,
// timezone.utc, and each str of no character or of one in Latin-1.
type memo struct {
	puts uint32 // how many values are in it
	at   map[memoKey]uint32
}

type memoKind uint8

const (
	memoString memoKind = iota
	memoBytes
	memoName  // a str in Python's own code
	memoClass // module and name
	memoUTC
)

type memoKey struct {
	kind memoKind
	text string
}

var utc = memoKey{kind: memoUTC}

func (m *memo) set(key memoKey, at uint32) {
	if m.at == nil {
		m.at = make(map[memoKey]uint32)
	}
	m.at[key] = at
}

// memoize puts the value on top of the reader's stack into the memo.
func (w *writer) memoize() {
	n := w.memo.puts
	w.memo.puts++
	switch {
	case w.protocol >= 4:
		w.op(opMemoize)
	case n <= math.MaxUint8:
		w.op(opBinPut, byte(n))
	default:
		w.op(opLongBinPut)
		w.buf = binary.LittleEndian.AppendUint32(w.buf, n)
	}
}

// keep is memoize for a value that Python has once.
func (w *writer) keep(key memoKey) {
	w.memo.set(key, w.memo.puts)
	w.memoize()
}

// refer writes a reference to a value that is in the memo, if it is.
func (w *writer) refer(key memoKey) bool {
	n, ok := w.memo.at[key]
	switch {
	case !ok:
	case n <= math.MaxUint8:
		w.op(opBinGet, byte(n))
	default:
		w.op(opLongBinGet)
		w.buf = binary.LittleEndian.AppendUint32(w.buf, n)
	}
	return ok
}

// isOneInPython reports whether CPython has one object for every str that equals s.
func isOneInPython(s string) bool {
	r, n := utf8.DecodeRuneInString(s)
	return s == "" || n == len(s) && r <= 0xff
}
