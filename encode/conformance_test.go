package encode_test

import (
	"bytes"
	"testing"

	"github.com/pyramidgo/redissessions/encode"
	"github.com/pyramidgo/redissessions/encode/encodetest"
)

// lost names the rules of encodetest that a format cannot keep.
var lost = map[string][]string{
	"json": {"bytes", "time"},
}

// builtin returns the codecs of this package by their names in settings.
func builtin() map[string]encode.Codec {
	return map[string]encode.Codec{"cbor": encode.CBOR, "json": encode.JSON, "msgpack": encode.MsgPack}
}

func TestCodecs(t *testing.T) {
	for name, codec := range builtin() {
		t.Run(name, func(t *testing.T) {
			encodetest.TestCodec(t, codec, encodetest.Deterministic(), encodetest.Without(lost[name]...))
		})
		t.Run(name+" sealed", func(t *testing.T) {
			sealed, err := encode.Sealed(codec, testKey(1), testKey(2))
			if err != nil {
				t.Fatal(err)
			}
			encodetest.TestCodec(t, sealed, encodetest.Without(lost[name]...))
		})
	}
}

func testKey(b byte) []byte { return bytes.Repeat([]byte{b}, encode.SealerKeySize) }
