package session

import (
	"bytes"
	"testing"
	"time"

	"github.com/pyramidgo/redissessions/encode"
	"github.com/pyramidgo/redissessions/encode/pickle"
)

// FuzzCookie: whatever a client sends, no signer panics, and what a signer
// accepts it has signed itself, in this very spelling.
func FuzzCookie(f *testing.F) {
	native := newHMACSigner(signerSalt("session"), testSecret, []string{"an older secret"})
	signers := []Signer{native}
	for _, format := range []Format{FormatPyramidRedisSessions, FormatPyramidSessionRedis} {
		factory := newTestFactory(f, newMemStore(), func(o *Options) { o.Format = format })
		signers = append(signers, factory.signer)
	}
	for _, s := range signers {
		for _, id := range []string{"x", "an ID", "é"} {
			value, err := s.Sign(id)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(value)
			f.Add(value + "=")
			f.Add(value[1:])
		}
	}
	f.Add("")
	f.Fuzz(func(t *testing.T, value string) {
		for _, s := range signers {
			id, err := s.Verify(value)
			if err != nil {
				continue
			}
			signed, err := s.Sign(id)
			if err != nil || id == "" {
				t.Errorf("%T accepts what it would not sign: %q", s, id)
			}
			// pyramid_redis_sessions' IDs are pickled, in one of several ways.
			if again, err := s.Verify(signed); err != nil || again != id {
				t.Errorf("%T does not accept its own signature of %q", s, id)
			}
		}
	})
}

// FuzzRecord: whatever is stored, no format panics, and what it takes for a
// session can be read, changed and written again without loss.
func FuzzRecord(f *testing.F) {
	at := addressOf(DefaultPrefix, "id")
	now := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	var formats []format
	for _, opts := range []Options{
		{},
		{Codec: encode.CBOR},
		{Codec: encode.JSON},
		{Codec: encode.MsgPack},
		{Codec: pickle.Codec},
		{EncryptionKeys: [][]byte{make([]byte, 32)}},
		{Format: FormatPyramidRedisSessions},
		{Format: FormatPyramidSessionRedis},
		{Format: FormatPyramidSessionRedis, Codec: encode.JSON},
	} {
		opts = opts.withDefaults()
		format, err := newFormat(&opts)
		if err != nil {
			f.Fatal(err)
		}
		formats = append(formats, format)
		changes := []change{{slot: &slot{key: "a", value: "text", present: true}}, {slot: &slot{key: "n", value: 1, present: true}}}
		empty := format.layout().empty()
		for i := range changes {
			if changes[i].encoded, _, err = empty.diff(nil, changes[i].key, changes[i].value); err != nil {
				f.Fatal(err)
			}
		}
		record, _, err := format.encode(at, meta{created: now}, empty, changes)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(record)
		f.Add(record[:len(record)-1])
		if marker := format.marker(at, addressOf("", "next"), meta{created: now}); marker != nil {
			f.Add(marker)
		}
	}
	f.Fuzz(func(t *testing.T, record []byte) {
		for i, format := range formats {
			snap, err := format.decode(at, bytes.Clone(record))
			if err != nil || snap.successor != nil {
				continue
			}
			for _, key := range snap.data.keys() {
				v, ok, err := snap.data.get(key)
				if err != nil || !ok {
					continue // damaged: counts as absent
				}
				if _, _, err := snap.data.diff(nil, key, v); err != nil {
					t.Errorf("format %d: the value at %q was read and cannot be written: %v", i, key, err)
				}
			}
			c := change{slot: &slot{key: "new", value: "x", present: true}}
			if c.encoded, _, err = snap.data.diff(nil, c.key, c.value); err != nil {
				t.Fatal(err)
			}
			again, _, err := format.encode(at, snap.meta, snap.data, []change{c})
			if err != nil {
				continue // more than a codec writes; nothing is saved then
			}
			read, err := format.decode(at, again)
			if err != nil {
				t.Fatalf("format %d: what it wrote it cannot read: %v", i, err)
			}
			if v, ok, err := read.data.get("new"); v != "x" || !ok || err != nil {
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
