package pickle

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/big"
	"strconv"
)

func (m *machine) left() int { return len(m.data) - m.pos }

func (m *machine) byte() (byte, error) {
	if m.pos >= len(m.data) {
		return 0, malformed("it is cut short")
	}
	b := m.data[m.pos]
	m.pos++
	return b, nil
}

// take returns the next n bytes of the input itself, so that a length can
// claim what it likes.
func (m *machine) take(n uint64) ([]byte, error) {
	if n > uint64(m.left()) {
		return nil, malformed("it is cut short")
	}
	b := m.data[m.pos : m.pos+int(n) : m.pos+int(n)]
	m.pos += int(n)
	return b, nil
}

// size reads an unsigned number of 1, 4 or 8 bytes.
func (m *machine) size(width uint64) (uint64, error) {
	b, err := m.take(width)
	if err != nil {
		return 0, err
	}
	var wide [8]byte
	copy(wide[:], b)
	return binary.LittleEndian.Uint64(wide[:]), nil
}

// counted reads a length of that width and as many bytes.
func (m *machine) counted(width uint64) ([]byte, error) {
	n, err := m.size(width)
	if err != nil {
		return nil, err
	}
	return m.take(n)
}

// countedSigned is for the old opcodes whose length of 4 bytes has a sign.
func (m *machine) countedSigned() ([]byte, error) {
	n, err := m.size(4)
	if err != nil {
		return nil, err
	}
	if n > math.MaxInt32 {
		return nil, malformed("a length is negative")
	}
	return m.take(n)
}

// line reads up to a newline, which it leaves out.
func (m *machine) line() ([]byte, error) {
	n := bytes.IndexByte(m.data[m.pos:], '\n')
	if n < 0 {
		return nil, malformed("it is cut short")
	}
	b := m.data[m.pos : m.pos+n]
	m.pos += n + 1
	return b, nil
}

func (m *machine) decimalIndex() (uint64, error) {
	b, err := m.line()
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseUint(string(b[:min(len(b), 20)]), 10, 32)
	if err != nil {
		return 0, malformed("a memo index is not a number")
	}
	return n, nil
}

func (m *machine) number(op byte) error {
	v, err := m.readNumber(op)
	if err != nil {
		return err
	}
	return m.push(v)
}

func (m *machine) readNumber(op byte) (any, error) {
	switch op {
	case opBinInt1:
		n, err := m.size(1)
		return int64(n), err
	case opBinInt2:
		n, err := m.size(2)
		return int64(n), err
	case opBinInt:
		n, err := m.size(4)
		return int64(int32(uint32(n))), err
	case opBinFloat:
		b, err := m.take(8)
		if err != nil {
			return nil, err
		}
		return math.Float64frombits(binary.BigEndian.Uint64(b)), nil
	case opLong1, opLong4:
		return m.readLong(op)
	}
	b, err := m.line()
	if err != nil {
		return nil, err
	}
	switch op {
	case opInt:
		// Before protocol 2 this was also how bools were written.
		switch string(b) {
		case "01":
			return true, nil
		case "00":
			return false, nil
		}
		return m.parseInt(b)
	case opLong:
		return m.parseInt(bytes.TrimSuffix(b, []byte("L")))
	default:
		return parseFloat(b)
	}
}

// readLong reads an int in two's complement.
func (m *machine) readLong(op byte) (any, error) {
	var b []byte
	var err error
	if op == opLong1 {
		b, err = m.counted(1)
	} else {
		b, err = m.countedSigned()
	}
	if err != nil {
		return nil, err
	}
	if len(b) > m.limits.intBytes() {
		return nil, exceeded("digits in an int", m.limits.IntDigits)
	}
	if len(b) <= 8 {
		var wide [8]byte
		copy(wide[:], b)
		n := binary.LittleEndian.Uint64(wide[:])
		unused := 64 - 8*len(b)
		return int64(n<<unused) >> unused, nil
	}
	return smallest(fromTwosComplement(b)), nil
}

func (m *machine) parseInt(b []byte) (any, error) {
	digits := bytes.TrimPrefix(b, []byte("-"))
	if len(digits) > m.limits.IntDigits {
		return nil, exceeded("digits in an int", m.limits.IntDigits)
	}
	if len(digits) == 0 || len(bytes.Trim(digits, "0123456789")) != 0 {
		return nil, malformed("an int is not a number")
	}
	if n, err := strconv.ParseInt(string(b), 10, 64); err == nil {
		return n, nil
	}
	n, ok := new(big.Int).SetString(string(b), 10)
	if !ok {
		return nil, malformed("an int is not a number")
	}
	return smallest(n), nil
}

func parseFloat(b []byte) (any, error) {
	const most = 400 // repr() writes 24 characters at most; "%.17g" is no longer
	switch string(b) {
	case "nan", "inf", "-inf":
	default:
		if len(b) > most || len(bytes.Trim(b, "+-.0123456789e")) != 0 {
			return nil, malformed("a float is not a number")
		}
	}
	f, err := strconv.ParseFloat(string(b), 64)
	if err != nil {
		return nil, malformed("a float is not a number")
	}
	return f, nil
}
