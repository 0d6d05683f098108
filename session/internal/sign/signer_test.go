package sign

import (
	"bytes"
	"encoding/base64"
	"errors"
	"strings"
	"testing"
)

const signingSecret = "a secret for tests, of more than 32 bytes"

func nativeSigner(secret string, previous ...string) *hmacSigner {
	return newHMACSigner(signerSalt("session"), secret, previous)
}

// TestSignerRefusesEveryFlippedByte changes each character of a cookie to every
// other, and each bit of what it encodes.
func TestSignerRefusesEveryFlippedByte(t *testing.T) {
	s := nativeSigner(signingSecret, "an older secret")
	id, err := NewID()
	if err != nil {
		t.Fatal(err)
	}
	value, err := s.Sign(id)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := s.Verify(value); err != nil || got != id {
		t.Fatalf("the untouched cookie is refused: %v", err)
	}
	refused := func(what, changed string, i int) {
		if got, err := s.Verify(changed); !errors.Is(err, ErrBadCookie) || got != "" {
			t.Errorf("%s %d is changed, and the cookie verifies", what, i)
		}
	}
	for i := range value {
		for c := range 256 {
			if byte(c) != value[i] {
				refused("character", value[:i]+string([]byte{byte(c)})+value[i+1:], i)
			}
		}
	}
	raw, err := base64.RawURLEncoding.DecodeString(value)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 8 * len(raw) {
		changed := bytes.Clone(raw)
		changed[i/8] ^= 1 << (i % 8)
		refused("bit", base64.RawURLEncoding.EncodeToString(changed), i)
	}
	for n := range len(value) {
		refused("length", value[:n], n)
	}
}

// TestSignerRefusesOtherSpellings: one ID has one cookie.
func TestSignerRefusesOtherSpellings(t *testing.T) {
	s := nativeSigner(signingSecret)
	// 1 to 3 bytes of ID end the base64 in each of its ways; the last characters
	// of two of them have bits to spare.
	for _, id := range []string{"a", "ab", "abc", "ab\xffc", strings.Repeat("ü", 20)} {
		value, err := s.Sign(id)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := base64.RawURLEncoding.DecodeString(value)
		if err != nil {
			t.Fatal(err)
		}
		for name, other := range map[string]string{
			"padded":             base64.URLEncoding.EncodeToString(raw),
			"padding of its own": value + "=",
			"standard alphabet":  base64.RawStdEncoding.EncodeToString(raw),
			"a line end":         value[:10] + "\n" + value[10:],
			"a line end at last": value + "\r\n",
			"a space":            " " + value,
			"a quoted one":       `"` + value + `"`,
			"a dot at the end":   value + ".",
			"stray bits":         strayBits(value),
		} {
			if other == value {
				continue
			}
			if _, err := s.Verify(other); !errors.Is(err, ErrBadCookie) {
				t.Errorf("%q, %s: it verifies", id, name)
			}
		}
	}
	for name, value := range map[string]string{
		"nothing":      "",
		"an empty ID":  mustSign(t, s, ""),
		"not UTF-8":    mustSign(t, s, "ab\xff"),
		"4097 bytes":   strings.Repeat("A", 4097),
		"only the MAC": base64.RawURLEncoding.EncodeToString(make([]byte, 64)),
	} {
		if _, err := s.Verify(value); !errors.Is(err, ErrBadCookie) {
			t.Errorf("%s: it verifies", name)
		}
	}
}

// strayBits sets a bit of the last character that decodes to nothing.
func strayBits(value string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	if len(value)%4 == 0 {
		return value // there are none
	}
	last := strings.IndexByte(alphabet, value[len(value)-1])
	return value[:len(value)-1] + string(alphabet[last|1])
}

func mustSign(t *testing.T, s Signer, id string) string {
	t.Helper()
	value, err := s.Sign(id)
	if err != nil {
		t.Fatal(err)
	}
	return value
}

// TestSignerKeepsFactoriesApart: one secret, two cookie names.
func TestSignerKeepsFactoriesApart(t *testing.T) {
	value := mustSign(t, newHMACSigner(signerSalt("shop"), signingSecret, nil), "id")
	if _, err := newHMACSigner(signerSalt("admin"), signingSecret, nil).Verify(value); !errors.Is(err, ErrBadCookie) {
		t.Error("the cookie of another factory verifies")
	}
	// The salt's end and the secret's beginning cannot be moved.
	if _, err := newHMACSigner(signerSalt("sho"), "p."+signingSecret, nil).Verify(value); !errors.Is(err, ErrBadCookie) {
		t.Error("a cookie verifies by another cut of the same key")
	}
}
