package encode

import (
	"encoding/binary"
	"errors"
	"unicode/utf8"
)

// msgpackKind is what a head of MessagePack data begins.
type msgpackKind int

const (
	msgpackNumber msgpackKind = iota // and nil and booleans
	msgpackText
	msgpackBytes
	msgpackTime
	msgpackList
	msgpackMap
)

// scanMsgPack refuses what the library would misread, or would allocate or
// recurse for by a claim: lengths that the data does not hold, deep nesting,
// text that is not UTF-8, unknown extensions, keys that a Go map cannot have.
func scanMsgPack(data []byte) (mixedKeys bool, err error) {
	var open nesting
	for {
		kind, size, length, err := msgpackHead(data)
		if err != nil {
			return false, err
		}
		data = data[size:]
		if open.atKey() && kind != msgpackText {
			mixedKeys = true
			if kind != msgpackNumber {
				return false, errBadKey
			}
		}
		if kind == msgpackList || kind == msgpackMap {
			if err := open.begin(length, kind == msgpackMap, data); err != nil {
				return false, err
			}
		} else {
			if length > uint64(len(data)) {
				return false, errShort
			}
			if err := checkMsgPack(kind, data[:length]); err != nil {
				return false, err
			}
			data = data[length:]
			open.end()
		}
		if open.over() {
			break
		}
	}
	if len(data) > 0 {
		return false, errTrailing
	}
	return mixedKeys, nil
}

// msgpackHead reads a head: what it begins, the head's own size, and the
// length of what follows, in bytes, or for a container in values or pairs.
func msgpackHead(data []byte) (kind msgpackKind, size int, length uint64, err error) {
	if len(data) == 0 {
		return 0, 0, 0, errShort
	}
	switch c := data[0]; {
	case c <= 0x7f || c >= 0xe0 || c == 0xc0 || c == 0xc2 || c == 0xc3:
		return msgpackNumber, 1, 0, nil
	case c <= 0x8f:
		return msgpackMap, 1, uint64(c & 0x0f), nil
	case c <= 0x9f:
		return msgpackList, 1, uint64(c & 0x0f), nil
	case c <= 0xbf:
		return msgpackText, 1, uint64(c & 0x1f), nil
	case c >= 0xc4 && c <= 0xc6:
		return sizedMsgPack(msgpackBytes, data, 1<<(c-0xc4))
	case c == 0xca || c == 0xcb:
		return msgpackNumber, 1, 4 << (c - 0xca), nil
	case c >= 0xcc && c <= 0xcf:
		return msgpackNumber, 1, 1 << (c - 0xcc), nil
	case c >= 0xd0 && c <= 0xd3:
		return msgpackNumber, 1, 1 << (c - 0xd0), nil
	case c >= 0xd9 && c <= 0xdb:
		return sizedMsgPack(msgpackText, data, 1<<(c-0xd9))
	case c == 0xdc || c == 0xdd:
		return sizedMsgPack(msgpackList, data, 2<<(c-0xdc))
	case c == 0xde || c == 0xdf:
		return sizedMsgPack(msgpackMap, data, 2<<(c-0xde))
	}
	return timeMsgPack(data)
}

// sizedMsgPack reads a head whose length takes width bytes after the code.
func sizedMsgPack(kind msgpackKind, data []byte, width int) (msgpackKind, int, uint64, error) {
	if len(data) < 1+width {
		return 0, 0, 0, errShort
	}
	var wide [8]byte
	copy(wide[8-width:], data[1:1+width])
	return kind, 1 + width, binary.BigEndian.Uint64(wide[:]), nil
}

// timeMsgPack reads the head of the timestamp extension, type -1, in its three
// sizes.
func timeMsgPack(data []byte) (msgpackKind, int, uint64, error) {
	size, length := 2, uint64(0)
	switch data[0] {
	case 0xd6:
		length = 4
	case 0xd7:
		length = 8
	case 0xc7:
		if len(data) > 1 && data[1] == 12 {
			size, length = 3, 12
		}
	}
	if length == 0 {
		return 0, 0, 0, errors.New("an unknown extension")
	}
	if len(data) < size {
		return 0, 0, 0, errShort
	}
	if data[size-1] != 0xff {
		return 0, 0, 0, errors.New("an unknown extension")
	}
	return msgpackTime, size, length, nil
}

// checkMsgPack checks what follows the head of a value that is not a container.
func checkMsgPack(kind msgpackKind, body []byte) error {
	switch kind {
	case msgpackText:
		if !utf8.Valid(body) {
			return errors.New("the text is not valid UTF-8")
		}
	case msgpackTime:
		var nanoseconds uint64
		switch len(body) {
		case 8:
			nanoseconds = binary.BigEndian.Uint64(body) >> 34
		case 12:
			nanoseconds = uint64(binary.BigEndian.Uint32(body))
		}
		if nanoseconds > 999_999_999 {
			return errors.New("a time with more than a second of nanoseconds")
		}
	}
	return nil
}
