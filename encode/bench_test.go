package encode_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/pyramidgo/redissessions/encode"
)

// tenKeys is a dict of about 1 KB, as design.md's speed table has it.
func tenKeys() map[string]any {
	dict := map[string]any{
		"_csrft_": strings.Repeat("f", 64), "user_id": int64(4242), "admin": false, "score": 99.5,
		"roles": []any{"admin", "editor"}, "address": map[string]any{"street": "Main Street", "number": int64(5)},
	}
	for i := range 4 {
		dict[fmt.Sprintf("text-%d", i)] = strings.Repeat("0123456789", 20)
	}
	return dict
}

func BenchmarkEncode(b *testing.B) {
	dict := tenKeys()
	eachCodec(b, func(b *testing.B, codec encode.Codec) {
		for b.Loop() {
			if _, err := codec.Encode(dict); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	dict := tenKeys()
	eachCodec(b, func(b *testing.B, codec encode.Codec) {
		data, err := codec.Encode(dict)
		if err != nil {
			b.Fatal(err)
		}
		b.SetBytes(int64(len(data)))
		for b.Loop() {
			var back map[string]any
			if err := codec.Decode(data, &back); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func eachCodec(b *testing.B, run func(*testing.B, encode.Codec)) {
	b.Helper()
	sealed, err := encode.Sealed(encode.CBOR, testKey(1))
	if err != nil {
		b.Fatal(err)
	}
	for _, c := range []struct {
		name  string
		codec encode.Codec
	}{{"cbor", encode.CBOR}, {"json", encode.JSON}, {"msgpack", encode.MsgPack}, {"sealed cbor", sealed}} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			run(b, c.codec)
		})
	}
}
