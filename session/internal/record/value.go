package record

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/pyramidgo/redissessions/encode"
)

// The first byte of a value in a frame says what it is. Plain values are
// written directly and come back as the Go type they had; every other value is
// CBOR.
const (
	tagNil = iota
	tagFalse
	tagTrue
	tagInt
	tagInt8
	tagInt16
	tagInt32
	tagInt64
	tagUint
	tagUint8
	tagUint16
	tagUint32
	tagUint64
	tagFloat32
	tagFloat64
	tagString
	tagBytes
	tagTime
	tagDuration
	tagCBOR = 0xff
)

// appendValue appends v as a frame holds it. Equal values give equal bytes.
func appendValue(dst []byte, v any) ([]byte, error) {
	switch v := v.(type) {
	case nil:
		return append(dst, tagNil), nil
	case bool:
		if v {
			return append(dst, tagTrue), nil
		}
		return append(dst, tagFalse), nil
	case int:
		return binary.AppendVarint(append(dst, tagInt), int64(v)), nil
	case int8:
		return binary.AppendVarint(append(dst, tagInt8), int64(v)), nil
	case int16:
		return binary.AppendVarint(append(dst, tagInt16), int64(v)), nil
	case int32:
		return binary.AppendVarint(append(dst, tagInt32), int64(v)), nil
	case int64:
		return binary.AppendVarint(append(dst, tagInt64), v), nil
	case uint:
		return binary.AppendUvarint(append(dst, tagUint), uint64(v)), nil
	case uint8:
		return binary.AppendUvarint(append(dst, tagUint8), uint64(v)), nil
	case uint16:
		return binary.AppendUvarint(append(dst, tagUint16), uint64(v)), nil
	case uint32:
		return binary.AppendUvarint(append(dst, tagUint32), uint64(v)), nil
	case uint64:
		return binary.AppendUvarint(append(dst, tagUint64), v), nil
	case float32:
		return binary.BigEndian.AppendUint32(append(dst, tagFloat32), math.Float32bits(v)), nil
	case float64:
		return binary.BigEndian.AppendUint64(append(dst, tagFloat64), math.Float64bits(v)), nil
	case string:
		dst = append(slices.Grow(dst, 1+len(v)), tagString)
		return append(dst, v...), nil
	case []byte:
		if v == nil {
			return append(dst, tagNil), nil
		}
		dst = append(slices.Grow(dst, 1+len(v)), tagBytes)
		return append(dst, v...), nil
	case time.Duration:
		return binary.AppendVarint(append(dst, tagDuration), int64(v)), nil
	case time.Time:
		return v.AppendBinary(append(dst, tagTime))
	}
	b, err := encode.CBOR.Encode(v)
	if err != nil {
		return dst, err
	}
	return append(append(dst, tagCBOR), b...), nil
}

// decodeValue is the inverse of appendValue. The result shares no memory with
// data.
func decodeValue(data []byte) (any, error) {
	if len(data) == 0 {
		return nil, fmt.Errorf("%w: an empty value", ErrUndecodable)
	}
	tag, body := data[0], data[1:]
	switch tag {
	case tagNil, tagFalse, tagTrue:
		if len(body) == 0 {
			return [...]any{nil, false, true}[tag], nil
		}
	case tagInt, tagInt8, tagInt16, tagInt32, tagInt64, tagDuration:
		if n, size := binary.Varint(body); size == len(body) && size > 0 {
			return signed(tag, n)
		}
	case tagUint, tagUint8, tagUint16, tagUint32, tagUint64:
		if n, size := binary.Uvarint(body); size == len(body) && size > 0 {
			return unsigned(tag, n)
		}
	case tagFloat32:
		if len(body) == 4 {
			return math.Float32frombits(binary.BigEndian.Uint32(body)), nil
		}
	case tagFloat64:
		if len(body) == 8 {
			return math.Float64frombits(binary.BigEndian.Uint64(body)), nil
		}
	case tagString:
		return string(body), nil
	case tagBytes:
		return append([]byte{}, body...), nil
	case tagTime:
		var t time.Time
		if err := t.UnmarshalBinary(body); err != nil {
			return nil, fmt.Errorf("%w: a damaged time", ErrUndecodable)
		}
		return t, nil
	case tagCBOR:
		var v any
		if err := encode.CBOR.Decode(body, &v); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrUndecodable, err)
		}
		return v, nil
	}
	return nil, fmt.Errorf("%w: a damaged value of kind %d", ErrUndecodable, tag)
}

func signed(tag byte, n int64) (v any, err error) {
	fits := true
	switch tag {
	case tagInt:
		v, fits = int(n), int64(int(n)) == n
	case tagInt8:
		v, fits = int8(n), int64(int8(n)) == n
	case tagInt16:
		v, fits = int16(n), int64(int16(n)) == n
	case tagInt32:
		v, fits = int32(n), int64(int32(n)) == n
	case tagInt64:
		v = n
	case tagDuration:
		v = time.Duration(n)
	}
	if !fits {
		return nil, fmt.Errorf("%w: a number out of range", ErrUndecodable)
	}
	return v, nil
}

func unsigned(tag byte, n uint64) (v any, err error) {
	fits := true
	switch tag {
	case tagUint:
		v, fits = uint(n), uint64(uint(n)) == n
	case tagUint8:
		v, fits = uint8(n), uint64(uint8(n)) == n
	case tagUint16:
		v, fits = uint16(n), uint64(uint16(n)) == n
	case tagUint32:
		v, fits = uint32(n), uint64(uint32(n)) == n
	case tagUint64:
		v = n
	}
	if !fits {
		return nil, fmt.Errorf("%w: a number out of range", ErrUndecodable)
	}
	return v, nil
}

// Immutable reports whether v can be handed out without a look at it later: no
// one can change it in place.
func Immutable(v any) bool {
	switch v.(type) {
	case nil, bool, string, time.Time, time.Duration,
		int, int8, int16, int32, int64, uint, uint8, uint16, uint32, uint64, float32, float64:
		return true
	}
	return false
}
