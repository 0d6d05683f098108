package encode

import (
	"fmt"
	"reflect"

	"github.com/fxamacker/cbor/v2"
)

// CBOR is the codec named cbor: RFC 8949, by github.com/fxamacker/cbor/v2.
//
// Equal values have equal encodings (section 4.2.1, core deterministic). A
// time.Time is kept to the nanosecond and comes back in UTC. Duplicate keys,
// text that is not UTF-8, indefinite lengths, and tags other than those of
// times and big integers are refused.
var CBOR = Codec{Encode: encodeCBOR, Decode: decodeCBOR}

var (
	cborEncMode   = newCBOREncMode()
	cborTextKeys  = newCBORDecMode(reflect.TypeFor[map[string]any]())
	cborMixedKeys = newCBORDecMode(reflect.TypeFor[map[any]any]())
	cborChecker   = newCBORChecker()
)

func newCBORChecker() *checker {
	c := newChecker(cborFields, reflect.TypeFor[cbor.Marshaler](), binaryMarshaler)
	c.pointers = anyPointer
	return c
}

func newCBOREncMode() cbor.EncMode {
	options := cbor.CoreDetEncOptions()
	options.Time = cbor.TimeRFC3339NanoUTC // an offset of a whole number of minutes cannot be written exactly
	options.TimeTag = cbor.EncTagRequired
	mode, err := options.EncMode()
	if err != nil {
		panic(err) // the options above are constants
	}
	return mode
}

func newCBORDecMode(defaultMap reflect.Type) cbor.DecMode {
	mode, err := cbor.DecOptions{
		DupMapKey:        cbor.DupMapKeyEnforcedAPF,
		MaxNestedLevels:  MaxDepth + 1, // a tag around a value is a level too
		MaxArrayElements: MaxElements,
		MaxMapPairs:      MaxElements,
		IndefLength:      cbor.IndefLengthForbidden,
		IntDec:           cbor.IntDecConvertSignedOrBigInt,
		BigIntDec:        cbor.BigIntDecodePointer,
		DefaultMapType:   defaultMap,
		UTF8:             cbor.UTF8RejectInvalid,
	}.DecMode()
	if err != nil {
		panic(err) // the options above are constants
	}
	return mode
}

func encodeCBOR(v any) (data []byte, err error) {
	defer guard("cbor", "encoding", &err)
	seen, err := cborChecker.check(v)
	if err != nil {
		return nil, &codecError{"cbor", "encoding", err}
	}
	if seen.zeroTime {
		v = writeZeroTimes(v)
	}
	if data, err = cborEncMode.Marshal(v); err != nil {
		return nil, &codecError{"cbor", "encoding", err}
	}
	if err = cborReadable(data, seen); err != nil {
		return nil, &codecError{"cbor", "encoding", fmt.Errorf("the result could not be read again: %w", err)}
	}
	return data, nil
}

// cborReadable returns the error that decoding data would meet. It does no
// more work than what was seen in the value calls for.
func cborReadable(data []byte, seen walk) error {
	switch {
	case seen.unsure:
		var tree any
		return decodeCBORInto(data, &tree)
	case seen.typed:
		_, err := scanCBOR(data)
		return err
	}
	return nil
}

func decodeCBOR(data []byte, v any) (err error) {
	defer guard("cbor", "decoding", &err)
	if err := decodeCBORInto(data, v); err != nil {
		return &codecError{"cbor", "decoding", err}
	}
	return nil
}

func decodeCBORInto(data []byte, v any) error {
	if err := checkTarget(v); err != nil {
		return err
	}
	found, err := scanCBOR(data)
	if err != nil {
		return err
	}
	mode := cborTextKeys
	if found.mixedKeys {
		mode = cborMixedKeys
	}
	var tree any
	if err := mode.Unmarshal(data, &tree); err != nil {
		return err
	}
	if found.untidy() {
		if tree, err = tidy(tree); err != nil {
			return err
		}
	}
	return storeTree(cborRules, v, tree)
}
