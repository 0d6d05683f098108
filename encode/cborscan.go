package encode

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// cborFound is what a scan of encoded data says about decoding it.
type cborFound struct {
	mixedKeys bool // some map has a key that is no text
	tagged    bool // some value is a time or a big integer
}

// untidy reports whether the library's tree needs tidying.
func (f cborFound) untidy() bool { return f.mixedKeys || f.tagged }

// The major types of RFC 8949, section 3.1.
const (
	cborPositive = iota
	cborNegative
	cborBytes
	cborText
	cborArray
	cborMap
	cborTag
	cborSimple
)

// scanCBOR refuses what the library would let pass: tags and simple values
// that no plain value has, and keys that a Go map cannot have or compare.
// What is inside text and tags is left to the library.
func scanCBOR(data []byte) (found cborFound, err error) {
	var open nesting
	for {
		major, argument, size, err := cborHead(data)
		if err != nil {
			return found, err
		}
		data = data[size:]
		if open.atKey() && major != cborText {
			found.mixedKeys = true
			if major != cborPositive && major != cborNegative && major != cborSimple {
				return found, errBadKey
			}
		}
		switch major {
		case cborArray, cborMap:
			if err := open.begin(argument, major == cborMap, data); err != nil {
				return found, err
			}
		case cborTag:
			found.tagged = true
			if data, err = skipTagged(argument, data); err != nil {
				return found, err
			}
			open.end()
		default:
			if data, err = skipCBORText(major, argument, data); err != nil {
				return found, err
			}
			open.end()
		}
		if open.over() {
			break
		}
	}
	if len(data) > 0 {
		return found, errTrailing
	}
	return found, nil
}

// cborHead reads a head: its major type, its argument, and its length.
func cborHead(data []byte) (major int, argument uint64, size int, err error) {
	if len(data) == 0 {
		return 0, 0, 0, errShort
	}
	major, info := int(data[0]>>5), data[0]&0x1f
	if info < 24 {
		if major == cborSimple && (info < 20 || info > 23) {
			return 0, 0, 0, errors.New("an unknown simple value")
		}
		return major, uint64(info), 1, nil
	}
	if info > 27 {
		return 0, 0, 0, errors.New("an indefinite or reserved length")
	}
	if major == cborSimple && info == 24 {
		return 0, 0, 0, errors.New("an unknown simple value")
	}
	size = 1 + 1<<(info-24)
	if len(data) < size {
		return 0, 0, 0, errShort
	}
	var wide [8]byte
	copy(wide[8-(size-1):], data[1:size])
	return major, binary.BigEndian.Uint64(wide[:]), size, nil
}

// skipCBORText skips what follows the head of bytes and text.
func skipCBORText(major int, length uint64, data []byte) ([]byte, error) {
	if major != cborBytes && major != cborText {
		return data, nil
	}
	if length > uint64(len(data)) {
		return nil, errShort
	}
	return data[length:], nil
}

// skipTagged skips the content of a tag. Only times (0) and big integers (2, 3)
// are plain values, and neither holds another container or tag. Tag 1, seconds
// as a number, holds times that tag 0 cannot be written for.
func skipTagged(tag uint64, data []byte) ([]byte, error) {
	if tag > 3 || tag == 1 {
		return nil, fmt.Errorf("an unknown tag, %d", tag)
	}
	major, argument, size, err := cborHead(data)
	if err != nil {
		return nil, err
	}
	if major > cborText && major != cborSimple {
		return nil, fmt.Errorf("tag %d around a container", tag)
	}
	return skipCBORText(major, argument, data[size:])
}
