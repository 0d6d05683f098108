package encode_test

import (
	"bytes"
	"encoding/hex"
	"reflect"
	"testing"
	"time"

	"github.com/pyramidgo/redissessions/encode"
)

// fuzzTarget has a field of each sort that a decoder fills.
type fuzzTarget struct {
	A int8
	B uint16
	C float32
	D string
	E []byte
	F []fuzzTarget
	G map[string]int
	H any
	I *fuzzTarget
	J time.Time
	K map[int]any
	L [2]bool
	M []any
}

// fuzzDecoder checks what holds for any bytes: no panic; data is unchanged;
// and a tree that was decoded can be encoded and decoded to the same again.
func fuzzDecoder(f *testing.F, codec encode.Codec) {
	f.Helper()
	for _, seed := range []any{
		nil, true, int64(-1), uint64(1 << 63), 1.5, "text", []byte("bytes"), time.Unix(1, 2).UTC(),
		map[string]any{"a": int64(1), "b": []any{"x", nil}, "c": map[string]any{"t": time.Unix(1<<35, 7)}},
		map[int]any{1: "x", -300: map[string]any{}}, fuzzTarget{A: 1, F: []fuzzTarget{{B: 2}}, H: 3.0},
	} {
		data, err := codec.Encode(seed)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		before := bytes.Clone(data)
		for _, target := range []any{new(fuzzTarget), new(map[string]any), new([]fuzzTarget), new(map[int8]string)} {
			_ = codec.Decode(data, target) // an error is fine
		}
		var tree any
		err := codec.Decode(data, &tree)
		if !bytes.Equal(before, data) {
			t.Fatal("the input was modified")
		}
		if err != nil {
			return
		}
		again, err := codec.Encode(tree)
		if err != nil {
			t.Fatalf("%#v was decoded and cannot be encoded: %v", tree, err)
		}
		var back any
		if err := codec.Decode(again, &back); err != nil {
			t.Fatalf("%#v was encoded and cannot be decoded: %v", tree, err)
		}
		third, err := codec.Encode(back)
		if err != nil || !bytes.Equal(again, third) {
			t.Fatalf("%#v became %#v, %v", tree, back, err)
		}
		if reflect.TypeOf(tree) != reflect.TypeOf(back) {
			t.Fatalf("a %T became a %T", tree, back)
		}
	})
}

func FuzzCBOR(f *testing.F)    { fuzzDecoder(f, encode.CBOR) }
func FuzzJSON(f *testing.F)    { fuzzDecoder(f, encode.JSON) }
func FuzzMsgPack(f *testing.F) { fuzzDecoder(f, encode.MsgPack) }

// sealedOnce is "plaintext", sealed with testKey(1) for "aad" by the first
// version of the format, which must open for ever.
const sealedOnce = "013e7a7e1ef3137f22f51ac256e2ac86d10733dbd0c1fa496034b1b459f67b363dc20b35b26d"

// FuzzOpen checks that nothing opens but what was sealed.
func FuzzOpen(f *testing.F) {
	sealer, err := encode.NewSealer(testKey(1), testKey(2))
	if err != nil {
		f.Fatal(err)
	}
	genuine, err := hex.DecodeString(sealedOnce)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(genuine, []byte("aad"))
	f.Add(genuine[:20], []byte(nil))
	f.Add([]byte{1}, []byte("x"))
	f.Fuzz(func(t *testing.T, sealed, aad []byte) {
		if _, err := sealer.Open(sealed, aad); err == nil && (!bytes.Equal(sealed, genuine) || string(aad) != "aad") {
			t.Fatalf("%x with %x was opened", sealed, aad)
		}
	})
}
