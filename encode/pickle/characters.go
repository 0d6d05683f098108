package pickle

import (
	"bytes"
	"strconv"
	"unicode/utf8"
)

// rawBytes and rawByteArray are bytes on the machine's stack. Most of them
// still lie in the input; they are copied when the result is put together.
type (
	rawBytes     []byte
	rawByteArray []byte
)

func (m *machine) characters(op byte) error {
	v, err := m.readCharacters(op)
	if err != nil {
		return err
	}
	return m.push(v)
}

func (m *machine) readCharacters(op byte) (any, error) {
	switch op {
	case opShortBinUnicode:
		return textOf(m.counted(1))
	case opBinUnicode:
		return textOf(m.counted(4))
	case opBinUnicode8:
		return textOf(m.counted(8))
	case opUnicode:
		return textOf(unescapeUnicode(m.line()))
	case opShortBinBytes:
		b, err := m.counted(1)
		return rawBytes(b), err
	case opBinBytes:
		b, err := m.counted(4)
		return rawBytes(b), err
	case opBinBytes8:
		b, err := m.counted(8)
		return rawBytes(b), err
	case opByteArray8:
		b, err := m.counted(8)
		return rawByteArray(b), err
	case opShortBinString:
		return python2(m.counted(1))
	case opBinString:
		return python2(m.countedSigned())
	default:
		return python2(unescapeString(m.line()))
	}
}

func textOf(b []byte, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	return text(b)
}

// python2 makes a Go value of a Python 2 str, which was text or bytes, nobody
// knows. ASCII is text, as it is for Python 3; of the rest Python 3 makes an
// error, and bytes keep it whole.
func python2(b []byte, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return rawBytes(b), nil
		}
	}
	return string(b), nil
}

// unescapeUnicode reads Python's raw-unicode-escape: Latin-1 in which only
// \uXXXX and \UXXXXXXXX mean something.
func unescapeUnicode(b []byte, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	out := make([]byte, 0, len(b))
	for i := 0; i < len(b); {
		c := b[i]
		if c != '\\' || i+1 == len(b) {
			out = utf8.AppendRune(out, rune(c))
			i++
			continue
		}
		digits := 0
		switch b[i+1] {
		case 'u':
			digits = 4
		case 'U':
			digits = 8
		default:
			out = utf8.AppendRune(append(out, '\\'), rune(b[i+1]))
			i += 2
			continue
		}
		i += 2
		if len(b)-i < digits {
			return nil, malformed("an escape in a str is cut short")
		}
		n, err := strconv.ParseUint(string(b[i:i+digits]), 16, 32)
		if err != nil || n > utf8.MaxRune {
			return nil, malformed("an escape in a str is not a character")
		}
		out = appendCodePoint(out, rune(n))
		i += digits
	}
	return out, nil
}

// appendCodePoint is utf8.AppendRune that lets surrogates through.
func appendCodePoint(b []byte, r rune) []byte {
	if r >= 0xd800 && r <= 0xdfff {
		return append(b, 0xe0|byte(r>>12), 0x80|byte(r>>6)&0x3f, 0x80|byte(r)&0x3f)
	}
	return utf8.AppendRune(b, r)
}

// unescapeString reads the repr() of a Python 2 str.
func unescapeString(b []byte, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	if len(b) < 2 || b[0] != b[len(b)-1] || b[0] != '\'' && b[0] != '"' {
		return nil, malformed("a str has no quotes")
	}
	b = b[1 : len(b)-1]
	if bytes.IndexByte(b, '\\') < 0 {
		return b, nil
	}
	out := make([]byte, 0, len(b))
	for i := 0; i < len(b); i++ {
		if b[i] != '\\' {
			out = append(out, b[i])
			continue
		}
		i++
		if i == len(b) {
			return nil, malformed("an escape in a str is cut short")
		}
		switch b[i] {
		case '\\', '\'', '"':
			out = append(out, b[i])
		case 'n':
			out = append(out, '\n')
		case 'r':
			out = append(out, '\r')
		case 't':
			out = append(out, '\t')
		case 'x':
			if len(b)-i < 3 {
				return nil, malformed("an escape in a str is cut short")
			}
			n, err := strconv.ParseUint(string(b[i+1:i+3]), 16, 8)
			if err != nil {
				return nil, malformed("an escape in a str is not a byte")
			}
			out = append(out, byte(n))
			i += 2
		default:
			return nil, malformed("an escape in a str is not known")
		}
	}
	return out, nil
}
