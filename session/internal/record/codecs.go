package record

import (
	"fmt"
	"reflect"

	"github.com/pyramidgo/redissessions/encode"
	"github.com/pyramidgo/redissessions/encode/pickle"
)

// The body of a record of the kind kindNamed begins with the name of the codec that
// wrote it, behind its length in one byte. So a factory that writes by another codec
// reads the record by that one, as while a codec is being changed. The name is not
// encrypted, but bound to what is.

// MaxCodecName is how long a codec's name may be, in bytes.
const MaxCodecName = 255

// builtIn are the codecs that every factory reads.
var builtIn = map[string]encode.Codec{
	"cbor": encode.CBOR, "json": encode.JSON, "msgpack": encode.MsgPack, "pickle": pickle.Codec,
}

// builtInName returns the name of a codec that is one of the built-in ones, "" for
// another. Of two functions the addresses are compared: no other has that of a
// function declared in a package.
func builtInName(c encode.Codec) string {
	address := func(f any) uintptr { return reflect.ValueOf(f).Pointer() }
	for name, b := range builtIn {
		if address(c.Encode) == address(b.Encode) && address(c.Decode) == address(b.Decode) {
			return name
		}
	}
	return ""
}

// appendName begins the body of a record.
func appendName(dst []byte, name string) []byte {
	return append(append(dst, byte(len(name))), name...)
}

// cutName is the reverse.
func cutName(body []byte) (name string, rest []byte, err error) {
	if len(body) == 0 || len(body)-1 < int(body[0]) {
		return "", nil, fmt.Errorf("%w: the name of its codec is cut short", ErrUndecodable)
	}
	n := 1 + int(body[0])
	return string(body[1:n]), body[n:], nil
}

// layoutOf returns how the records of a kind are laid out, those that name their
// codec with it, and whether that is another layout than the factory's own.
func (n *native) layoutOf(kind byte, name string) (_ Layout, foreign bool, err error) {
	hasCodec := n.values.kind() == kindCodec
	switch {
	case kind == kindLazy:
		return lazyLayout{}, hasCodec, nil
	case kind == kindCodec && hasCodec, kind == kindNamed && hasCodec && name == n.name:
		return n.values, false, nil
	case kind == kindCodec:
		return nil, false, fmt.Errorf("%w: it was written by a codec that it does not name, and none is set: set encode and decode as they were", ErrUndecodable)
	case kind == kindNamed:
		decode := n.decoders[name]
		if decode == nil {
			decode = builtIn[name].Decode
		}
		if decode == nil {
			return nil, false, fmt.Errorf("%w: it was written by the codec %q, which is not registered here", ErrUndecodable, name)
		}
		return dictLayout{codec: encode.Codec{Decode: decode}}, true, nil
	}
	return nil, false, fmt.Errorf("%w: it is of kind %q, which this version does not know", ErrUndecodable, kind)
}

// converted returns the data of another layout as one of the factory's own.
func (n *native) converted(d Data) (Data, error) {
	var all []Change
	for _, key := range d.Keys() {
		v, ok, err := d.Get(key)
		if err != nil {
			return nil, fmt.Errorf("%w: the value at key %q: %w", ErrUndecodable, key, err)
		}
		all = append(all, Change{Key: key, Value: v, Present: ok})
	}
	body, err := n.values.Empty().appendBody(nil, all)
	if err != nil {
		return nil, fmt.Errorf("%w: by another codec: %w", ErrUndecodable, err)
	}
	return n.values.open(body), nil
}
