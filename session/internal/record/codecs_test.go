package record

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/pyramidgo/redissessions/encode"
)

// written returns a record with one key of a factory with this configuration.
func written(t *testing.T, c Config) ([]byte, Address) {
	t.Helper()
	c.Prefix = testPrefix
	f, at := NewNative(c), addressOf(testPrefix, "id")
	raw, snap, err := f.Encode(at, Meta{Created: time.Now()}, f.Layout().Empty(), []Change{{Key: "k", Value: "v", Present: true}})
	if err != nil {
		t.Fatal(err)
	}
	for what, data := range map[string]Data{"kept": snap.Data, "read": reread(t, f, at, raw).Data} {
		if v, _, err := data.Get("k"); v != "v" || err != nil {
			t.Errorf("%s: %v, %v", what, v, err)
		}
	}
	return raw, at
}

func reread(t *testing.T, f Format, at Address, raw []byte) Snapshot {
	t.Helper()
	snap, err := f.Decode(at, raw)
	if err != nil {
		t.Fatal(err)
	}
	if snap.Outmoded {
		t.Error("a factory's own record is outmoded")
	}
	return snap
}

// other is a codec that is not built in.
var other = encode.Codec{
	Encode: func(v any) ([]byte, error) { return encode.JSON.Encode(v) },
	Decode: func(data []byte, v any) error { return encode.JSON.Decode(data, v) },
}

func TestRecordsNameTheirCodec(t *testing.T) {
	sealer := testSealer(t)
	for _, c := range []struct {
		config Config
		kind   byte
		name   string
	}{
		{Config{}, 'l', ""}, {Config{Sealer: sealer}, 'L', ""},
		{Config{Codec: encode.JSON}, 'n', "json"}, {Config{Codec: encode.JSON, Sealer: sealer}, 'N', "json"},
		{Config{Codec: other}, 'c', ""}, {Config{Codec: other, Sealer: sealer}, 'C', ""},
		{Config{Codec: other, CodecName: "ours"}, 'n', "ours"}, {Config{Codec: encode.CBOR, CodecName: "mine"}, 'n', "mine"},
	} {
		raw, _ := written(t, c.config)
		if kind := raw[len(magic)]; kind != c.kind {
			t.Errorf("%+v: kind %q, want %q", c, kind, c.kind)
		}
		if name, _, err := cutName(raw[headerLen:]); c.name != "" && (name != c.name || err != nil) {
			t.Errorf("%+v: named %q, %v", c, name, err)
		}
	}
}

// A record of a version before this one does not name its codec: it is the factory's.
func TestRecordWithoutAName(t *testing.T) {
	before, at := written(t, Config{Codec: other})
	snap, err := NewNative(Config{Prefix: testPrefix, Codec: encode.JSON}).Decode(at, before)
	if err != nil || !snap.Outmoded || !snap.Data.Has("k") {
		t.Errorf("%v, outmoded %v", err, snap.Outmoded)
	}
	if _, err := NewNative(Config{Prefix: testPrefix}).Decode(at, before); !errors.Is(err, ErrUndecodable) {
		t.Errorf("without a codec: %v", err)
	}
}

func TestRecordOfAnUnknownCodec(t *testing.T) {
	raw, at := written(t, Config{Codec: other, CodecName: "ours"})
	f := NewNative(Config{Prefix: testPrefix})
	if _, err := f.Decode(at, raw); !errors.Is(err, ErrUndecodable) || !strings.Contains(err.Error(), `"ours"`) {
		t.Errorf("%v does not name the codec", err)
	}
	f = NewNative(Config{Prefix: testPrefix, Decoders: map[string]encode.Decoder{"ours": other.Decode}})
	if snap, err := f.Decode(at, raw); err != nil || !snap.Outmoded || !snap.Data.Has("k") {
		t.Errorf("registered: %v", err)
	}
	for n := headerLen; n < headerLen+len("ours")+1; n++ {
		if _, err := f.Decode(at, raw[:n]); !errors.Is(err, ErrUndecodable) {
			t.Errorf("cut to %d bytes: %v", n, err)
		}
	}
	raw[len(magic)] = 'z'
	if _, err := f.Decode(at, raw); !errors.Is(err, ErrUndecodable) {
		t.Errorf("of an unknown kind: %v", err)
	}
}

// The name stands before what is encrypted, and cannot be changed.
func TestCodecNameIsBoundToTheEncryptedData(t *testing.T) {
	c := Config{Prefix: testPrefix, Codec: encode.JSON, Sealer: testSealer(t)}
	raw, at := written(t, c)
	f := NewNative(c)
	for i := range 8 * len(raw) {
		changed := bytes.Clone(raw)
		changed[i/8] ^= 1 << (i % 8)
		if _, err := f.Decode(at, changed); err == nil {
			t.Errorf("byte %d is changed, and the record opens", i/8)
		}
	}
	renamed := append(appendName(bytes.Clone(raw[:headerLen]), "cbor"), raw[headerLen+len("json")+1:]...)
	if _, err := f.Decode(at, renamed); !errors.Is(err, ErrUndecodable) {
		t.Errorf("under another name: %v", err)
	}
}
