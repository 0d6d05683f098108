// Package boundtest is a browser with device bound sessions (session/dbsc) for tests: its key,
// and what it does and sees over HTTP, whatever framework serves.
package boundtest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"testing"
)

// Key is a browser's key for one session.
type Key struct {
	tb  testing.TB
	key *ecdsa.PrivateKey
}

// NewKey returns a new key for ES256.
func NewKey(tb testing.TB) Key {
	tb.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	return Key{tb, key}
}

// Registration returns the proof for a registration, which has the public key.
func (k Key) Registration(challenge string) string {
	k.tb.Helper()
	public, err := k.key.PublicKey.Bytes() // 4, X, Y
	if err != nil {
		k.tb.Fatal(err)
	}
	return k.sign(fmt.Sprintf(`,"jwk":{"kty":"EC","crv":"P-256","x":"%s","y":"%s"}`, b64(public[1:33]), b64(public[33:])), challenge)
}

// Refresh returns the proof for a refresh.
func (k Key) Refresh(challenge string) string {
	k.tb.Helper()
	return k.sign("", challenge)
}

// sign returns a JWS in its compact form.
func (k Key) sign(more, challenge string) string {
	k.tb.Helper()
	text := b64(fmt.Appendf(nil, `{"alg":"ES256","typ":"dbsc+jwt"%s}`, more)) + "." + b64(fmt.Appendf(nil, `{"jti":"%s"}`, challenge))
	sum := sha256.Sum256([]byte(text))
	r, s, err := ecdsa.Sign(rand.Reader, k.key, sum[:])
	if err != nil {
		k.tb.Fatal(err)
	}
	return text + "." + b64(append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...))
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
