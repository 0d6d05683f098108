package pickle

import (
	"encoding/binary"
	"math"
	"unicode/utf8"
)

// ParseString returns the str that data is the pickle of. It knows the few
// forms in which Pythons from 2.7 on pickle a single str with their binary
// protocols, and nothing else: what a visitor sends in a cookie should meet no
// pickle machine. An empty str is refused, since no session has it for an ID.
//
//	protocols 2, 3   80 0N | 58 length:4 UTF-8 | 71 00 | 2e
//	protocols 4, 5   80 0N | 95 rest:8 | 8c length:1 UTF-8 | 94 | 2e
//	                 with 58 length:4 from 256 bytes on
//	Python 2.7       80 02 | 55 length:1 ASCII | 71 01 | 2e      str
//	                 80 02 | 58 length:4 UTF-8 | 2e              unicode
func ParseString(data []byte) (string, error) {
	body, tail, ok := cutString(data)
	if !ok || len(body) == 0 || !utf8.Valid(body) || !tail(body) {
		return "", malformed("it is not the pickle of one str")
	}
	return string(body), nil
}

// cutString finds the string by the form that data announces. The function
// returned says whether the form allows these very bytes.
func cutString(data []byte) (body []byte, allows func([]byte) bool, ok bool) {
	if len(data) < 4 || data[0] != opProto {
		return nil, nil, false
	}
	protocol, rest := data[1], data[2:]
	switch protocol {
	case 2, 3:
		switch {
		case rest[0] == opShortBinString && protocol == 2:
			body, tail, ok := cutCounted(rest[1:], 1)
			return body, isASCII, ok && string(tail) == "q\x01."
		case rest[0] == opBinUnicode:
			body, tail, ok := cutCounted(rest[1:], 4)
			return body, anyBytes, ok && (string(tail) == "q\x00." || protocol == 2 && string(tail) == ".")
		}
	case 4, 5:
		if len(rest) < 10 || rest[0] != opFrame || binary.LittleEndian.Uint64(rest[1:]) != uint64(len(rest)-9) {
			return nil, nil, false
		}
		rest = rest[9:]
		switch rest[0] {
		case opShortBinUnicode:
			body, tail, ok := cutCounted(rest[1:], 1)
			return body, anyBytes, ok && string(tail) == "\x94."
		case opBinUnicode:
			body, tail, ok := cutCounted(rest[1:], 4)
			return body, isLong, ok && string(tail) == "\x94."
		}
	}
	return nil, nil, false
}

// cutCounted splits b behind a length of that width and as many bytes.
func cutCounted(b []byte, width int) (body, tail []byte, ok bool) {
	if len(b) < width {
		return nil, nil, false
	}
	n := uint64(b[0])
	if width == 4 {
		n = uint64(binary.LittleEndian.Uint32(b))
	}
	b = b[width:]
	if n > uint64(len(b)) {
		return nil, nil, false
	}
	return b[:n], b[n:], true
}

func anyBytes([]byte) bool { return true }

func isLong(b []byte) bool { return len(b) > math.MaxUint8 }

func isASCII(b []byte) bool {
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// AppendString appends the pickle of s in protocol 2, byte for byte as Python
// 3 writes it, to dst. Every Python reads that. It is for session IDs: s must
// be UTF-8 and shorter than 4 GiB.
func AppendString(dst []byte, s string) []byte {
	dst = append(dst, opProto, 2, opBinUnicode)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(s)))
	dst = append(dst, s...)
	return append(dst, opBinPut, 0, opStop)
}
