package sign

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // pyramid_redis_sessions signs with it
	"encoding/base64"
	"encoding/hex"
	"strings"
	"testing"
)

// FuzzSigned is FuzzCookie for a client that has the secret: what is behind the
// signature is parsed without a panic, and one ID has one cookie.
func FuzzSigned(f *testing.F) {
	native := newHMACSigner(signerSalt("session"), signingSecret, nil)
	original := PyramidRedisSessions("session", signingSecret, nil)
	for _, content := range []string{"id", "", "\xff", "\x80\x02U\x02idq\x01.", "\x80\x02X\x02\x00\x00\x00id.", "\x80\x04\x95\x06\x00\x00\x00\x00\x00\x00\x00\x8c\x02id\x94."} {
		f.Add([]byte(content))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		sum := native.keys[0].appendSum(nil, string(content))
		value := base64.RawURLEncoding.EncodeToString(append(sum, content...))
		if id, err := native.Verify(value); err == nil {
			if id != string(content) || len(value) > MaxCookieBytes {
				t.Errorf("the ID is %q, of a cookie with %d bytes", id, len(value))
			}
			if again, err := native.Sign(id); err != nil || again != value {
				t.Errorf("%q has two cookies", id)
			}
		}

		mac := hmac.New(sha1.New, secretBytes(signingSecret))
		mac.Write(content)
		value = hex.EncodeToString(mac.Sum(nil)) + base64.StdEncoding.EncodeToString(content)
		id, err := original.Verify(value)
		if err != nil {
			return
		}
		if !strings.Contains(string(content), id) || id == "" {
			t.Errorf("the ID %q is not in what was signed: %q", id, content)
		}
		again, err := original.Sign(id)
		if err != nil {
			t.Fatalf("%q was read and cannot be signed: %v", id, err)
		}
		if same, err := original.Verify(again); err != nil || same != id {
			t.Errorf("%q comes back as %q, %v", id, same, err)
		}
	})
}

// FuzzCookie: whatever a client sends, no signer panics, and what a signer
// accepts it has signed itself, in this very spelling.
func FuzzCookie(f *testing.F) {
	previous := []string{"an older secret"}
	signers := []Signer{
		Native("session", signingSecret, previous),
		PyramidRedisSessions("session", signingSecret, previous),
		PyramidSessionRedis("session", signingSecret, previous),
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
