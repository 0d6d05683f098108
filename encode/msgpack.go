package encode

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"

	"github.com/vmihailenco/msgpack/v5"
)

// MsgPack is the codec named msgpack: https://msgpack.org, by
// github.com/vmihailenco/msgpack/v5.
//
// A time.Time is kept to the nanosecond and comes back as the same instant.
// Integers that do not fit into 64 bits, text that is not UTF-8, and extension
// types other than the timestamp are refused.
var MsgPack = Codec{Encode: encodeMsgPack, Decode: decodeMsgPack}

var msgpackChecker = newMsgPackChecker()

func newMsgPackChecker() *checker {
	c := newChecker(msgpackFields, reflect.TypeFor[msgpack.CustomEncoder](), reflect.TypeFor[msgpack.Marshaler](),
		binaryMarshaler, textMarshaler)
	c.bigInts = false
	c.pointers = anyPointer
	return c
}

// ownMsgPackMethods are those by which a type writes or reads itself: the library
// keeps an embedded struct of such a type as one value.
var ownMsgPackMethods = []reflect.Type{
	reflect.TypeFor[msgpack.CustomEncoder](), reflect.TypeFor[msgpack.Marshaler](), binaryMarshaler, textMarshaler,
	reflect.TypeFor[msgpack.CustomDecoder](), reflect.TypeFor[msgpack.Unmarshaler](), binaryUnmarshaler, textUnmarshaler,
}

func ownMsgPack(t reflect.Type) bool {
	if t.Kind() != reflect.Pointer {
		t = reflect.PointerTo(t)
	}
	return slices.ContainsFunc(ownMsgPackMethods, t.Implements)
}

func encodeMsgPack(v any) (data []byte, err error) {
	defer guard("msgpack", "encoding", &err)
	seen, err := msgpackChecker.check(v)
	if err != nil {
		return nil, &codecError{"msgpack", "encoding", err}
	}
	if data, err = marshalMsgPack(v); err != nil {
		return nil, &codecError{"msgpack", "encoding", err}
	}
	if seen.typed {
		if _, err = scanMsgPack(data); err != nil {
			return nil, &codecError{"msgpack", "encoding", fmt.Errorf("the result could not be read again: %w", err)}
		}
		return sortMsgPack(data)
	}
	return data, nil
}

func marshalMsgPack(v any) ([]byte, error) {
	var out bytes.Buffer
	enc := msgpack.NewEncoder(&out)
	enc.SetSortMapKeys(true)
	enc.UseCompactInts(true)
	enc.SetCustomStructTag("json")
	err := enc.Encode(v)
	return out.Bytes(), err
}

func decodeMsgPack(data []byte, v any) (err error) {
	defer guard("msgpack", "decoding", &err)
	if err := decodeMsgPackInto(data, v); err != nil {
		return &codecError{"msgpack", "decoding", err}
	}
	return nil
}

func decodeMsgPackInto(data []byte, v any) error {
	if err := checkTarget(v); err != nil {
		return err
	}
	mixedKeys, err := scanMsgPack(data)
	if err != nil {
		return err
	}
	tree, err := readMsgPack(newMsgPackDecoder(data, mixedKeys))
	if err != nil {
		return err
	}
	return storeTree(msgpackRules, v, tree)
}

// unmarshalMsgPack decodes into a type that decodes itself.
func unmarshalMsgPack(data []byte, v any) error { return newMsgPackDecoder(data, false).Decode(v) }

func newMsgPackDecoder(data []byte, mixedKeys bool) *msgpack.Decoder {
	dec := msgpack.NewDecoder(bytes.NewReader(data))
	dec.SetCustomStructTag("json")
	if mixedKeys {
		dec.SetMapDecoder(func(d *msgpack.Decoder) (any, error) { return d.DecodeUntypedMap() })
	}
	return dec
}

// readMsgPack returns the tree that dec is before.
func readMsgPack(dec *msgpack.Decoder) (any, error) {
	tree, err := dec.DecodeInterface()
	if err != nil {
		return nil, err
	}
	return tidy(tree)
}
