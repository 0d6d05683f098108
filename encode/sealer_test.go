package encode_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/pyramidgo/redissessions/encode"
)

func newSealer(t *testing.T, keys ...[]byte) *encode.Sealer {
	t.Helper()
	s, err := encode.NewSealer(keys...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func seal(t *testing.T, s *encode.Sealer, plaintext, aad string) []byte {
	t.Helper()
	sealed, err := s.Seal([]byte(plaintext), []byte(aad))
	if err != nil {
		t.Fatal(err)
	}
	return sealed
}

func TestSealerOpensWhatItSealed(t *testing.T) {
	s := newSealer(t, testKey(1))
	for _, plaintext := range []string{"", "x", strings.Repeat("long ", 1000)} {
		sealed := seal(t, s, plaintext, "aad")
		if len(plaintext) > 1 && bytes.Contains(sealed, []byte(plaintext)) {
			t.Error("the plaintext can be read")
		}
		got, err := s.Open(sealed, []byte("aad"))
		if err != nil || string(got) != plaintext {
			t.Errorf("Open: %q, %v", got, err)
		}
	}
}

func TestSealerOpensOldRecords(t *testing.T) {
	sealed, err := hex.DecodeString(sealedOnce)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := newSealer(t, testKey(2), testKey(1)).Open(sealed, []byte("aad")); err != nil || string(got) != "plaintext" {
		t.Errorf("Open: %q, %v", got, err)
	}
}

func TestSealerNeverSealsTheSameTwice(t *testing.T) {
	s := newSealer(t, testKey(1))
	if bytes.Equal(seal(t, s, "x", ""), seal(t, s, "x", "")) {
		t.Error("two sealings are equal")
	}
}

func TestSealerRefuses(t *testing.T) {
	s := newSealer(t, testKey(1))
	genuine := seal(t, s, "plaintext", "aad")
	refused := func(what string, sealed []byte, aad string) {
		t.Helper()
		if got, err := s.Open(sealed, []byte(aad)); !errors.Is(err, encode.ErrCannotOpen) || got != nil {
			t.Errorf("%s: Open = %q, %v", what, got, err)
		}
	}
	for i := range genuine {
		for bit := range 8 {
			damaged := bytes.Clone(genuine)
			damaged[i] ^= 1 << bit
			refused(fmt.Sprintf("bit %d of byte %d", bit, i), damaged, "aad")
		}
		refused(fmt.Sprintf("the first %d bytes", i), genuine[:i], "aad")
	}
	refused("one byte more", append(bytes.Clone(genuine), 0), "aad")
	refused("other associated data", genuine, "AAD")
	refused("no associated data", genuine, "")
	refused("another key", seal(t, newSealer(t, testKey(2)), "plaintext", "aad"), "aad")
}

func TestSealerRotatesKeys(t *testing.T) {
	oldOnly, both, newOnly := newSealer(t, testKey(1)), newSealer(t, testKey(2), testKey(1)), newSealer(t, testKey(2))
	if got, err := both.Open(seal(t, oldOnly, "x", ""), nil); err != nil || string(got) != "x" {
		t.Errorf("the old key's: %q, %v", got, err)
	}
	if _, err := newOnly.Open(seal(t, both, "x", ""), nil); err != nil {
		t.Errorf("the first key does not seal: %v", err)
	}
	if _, err := newOnly.Open(seal(t, oldOnly, "x", ""), nil); !errors.Is(err, encode.ErrCannotOpen) {
		t.Errorf("a dropped key's: %v", err)
	}
}

func TestNewSealerRefusesBadKeys(t *testing.T) {
	for _, keys := range [][][]byte{nil, {nil}, {[]byte("short-secret")}, {testKey(1), []byte("short-secret")}, {make([]byte, 33)}} {
		_, err := encode.NewSealer(keys...)
		if err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%d keys: %v", len(keys), err)
		}
	}
	var zero encode.Sealer
	if _, err := zero.Seal([]byte("x"), nil); err == nil {
		t.Error("a sealer without a key sealed")
	}
}

func TestSealerShowsNothing(t *testing.T) {
	s := newSealer(t, testKey('K'))
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "sealer", s, "value", *s)
	asJSON, err := json.Marshal(map[string]any{"sealer": s})
	if err != nil {
		t.Fatal(err)
	}
	shown := log.String() + string(asJSON)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d", "%x", "%q"} {
		shown += fmt.Sprintf(verb+verb, s, *s)
	}
	for _, key := range []string{"KKKK", "4b4b", "75 75", "0x4b"} {
		if strings.Contains(shown, key) {
			t.Errorf("%s shows the key: %s", key, shown)
		}
	}
	if !strings.Contains(fmt.Sprint(*s), "redacted") {
		t.Errorf("printed as %v", *s)
	}
}

func TestSealedNeedsAWholeCodec(t *testing.T) {
	if _, err := encode.Sealed(encode.Codec{Encode: encode.JSON.Encode}, testKey(1)); err == nil {
		t.Error("a codec without a decoder was sealed")
	}
	if _, err := encode.Sealed(encode.JSON); err == nil {
		t.Error("a codec was sealed without a key")
	}
}
