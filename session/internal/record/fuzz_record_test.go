package record

import (
	"bytes"
	"testing"
	"time"

	"github.com/pyramidgo/redissessions/encode"
	"github.com/pyramidgo/redissessions/encode/pickle"
)

const testPrefix = "session:"

func testSealer(t testing.TB) *encode.Sealer {
	t.Helper()
	sealer, err := encode.NewSealer(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	return sealer
}

// FuzzRecord: whatever is stored, no format panics, and what it takes for a
// session can be read, changed and written again without loss.
func FuzzRecord(f *testing.F) {
	at := addressOf(testPrefix, "id")
	now := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	var formats []Format
	const timeout = 20 * time.Minute
	for _, format := range []Format{
		NewNative(Config{Prefix: testPrefix}),
		NewNative(Config{Prefix: testPrefix, Codec: encode.CBOR}),
		NewNative(Config{Prefix: testPrefix, Codec: encode.JSON}),
		NewNative(Config{Prefix: testPrefix, Codec: encode.MsgPack}),
		NewNative(Config{Prefix: testPrefix, Codec: pickle.Codec}),
		NewNative(Config{Prefix: testPrefix, Sealer: testSealer(f)}),
		NewPyramidRedisSessions(Config{Timeout: timeout}),
		NewPyramidSessionRedis(Config{Timeout: timeout}),
		NewPyramidSessionRedis(Config{Timeout: timeout, Codec: encode.JSON}),
	} {
		formats = append(formats, format)
		var err error
		changes := []Change{{Key: "a", Value: "text", Present: true}, {Key: "n", Value: 1, Present: true}}
		empty := format.Layout().Empty()
		for i := range changes {
			if changes[i].Encoded, _, err = empty.Diff(nil, changes[i].Key, changes[i].Value); err != nil {
				f.Fatal(err)
			}
		}
		record, _, err := format.Encode(at, Meta{Created: now}, empty, changes)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(record)
		f.Add(record[:len(record)-1])
		if marker := format.Marker(at, addressOf("", "next"), Meta{Created: now}); marker != nil {
			f.Add(marker)
		}
	}
	f.Fuzz(func(t *testing.T, record []byte) {
		for i, format := range formats {
			snap, err := format.Decode(at, bytes.Clone(record))
			if err != nil || snap.Successor != nil || snap.Ended {
				continue
			}
			for _, key := range snap.Data.Keys() {
				v, ok, err := snap.Data.Get(key)
				if err != nil || !ok {
					continue // damaged: counts as absent
				}
				if _, _, err := snap.Data.Diff(nil, key, v); err != nil {
					t.Errorf("format %d: the value at %q was read and cannot be written: %v", i, key, err)
				}
			}
			c := Change{Key: "new", Value: "x", Present: true}
			if c.Encoded, _, err = snap.Data.Diff(nil, c.Key, c.Value); err != nil {
				t.Fatal(err)
			}
			again, _, err := format.Encode(at, snap.Meta, snap.Data, []Change{c})
			if err != nil {
				continue // more than a codec writes; nothing is saved then
			}
			read, err := format.Decode(at, again)
			if err != nil {
				t.Fatalf("format %d: what it wrote it cannot read: %v", i, err)
			}
			if v, ok, err := read.Data.Get("new"); v != "x" || !ok || err != nil {
				t.Errorf("format %d: the change was lost: %v, %v, %v", i, v, ok, err)
			}
		}
	})
}

// FuzzPlainValue: no stored value makes the decoder panic, and what it decodes
// it encodes to something that decodes to the same.
func FuzzPlainValue(f *testing.F) {
	for _, v := range []any{nil, true, "text", []byte("bytes"), -1, uint8(2), 1.5, time.Unix(1, 2).UTC(), time.Second, []any{"x"}} {
		b, err := appendValue(nil, v)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := decodeValue(data)
		if err != nil {
			return
		}
		b, err := appendValue(nil, v)
		if err != nil {
			t.Fatalf("%T was decoded and cannot be encoded: %v", v, err)
		}
		again, err := decodeValue(b)
		if err != nil {
			t.Fatalf("%T was encoded and cannot be decoded: %v", v, err)
		}
		if c, err := appendValue(nil, again); err != nil || !bytes.Equal(b, c) {
			t.Errorf("%T has two encodings: %x and %x", v, b, c)
		}
	})
}
