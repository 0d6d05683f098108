package sign

import (
	"crypto/hmac"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"hash"
	"sync"
	"unicode/utf8"
)

// MaxCookieBytes bounds a cookie's name and value together, RFC 6265bis 5.6.
const MaxCookieBytes = 4096

// ErrBadCookie is session.ErrBadCookie.
var ErrBadCookie = errors.New("session: the cookie's signature does not verify")

// Signer is what the built-in signers are: a session.RotatingSigner.
type Signer interface {
	// Sign returns the cookie's value for an ID.
	Sign(id string) (value string, err error)
	// Verify returns the ID in a value that Sign made, or ErrBadCookie.
	Verify(value string) (id string, err error)
	// VerifyRotated is Verify, and also reports whether an older secret signed the value.
	VerifyRotated(value string) (id string, old bool, err error)
}

// hmacSigner is the native signature: base64url(HMAC-SHA512(key, ID) ‖ ID),
// unpadded. It is WebOb's SignedSerializer without a serializer, as
// pyramid_session_redis uses it, with another salt.
type hmacSigner struct {
	keys []*hmacKey // the first signs, all verify
}

// signerSalt keeps two factories with one secret, but different cookie names,
// from accepting each other's cookies.
func signerSalt(cookieName string) string { return "redissessions." + cookieName + "." }

// Native returns the signer of the native format. Secret signs; it and the previous
// secrets verify.
func Native(cookieName, secret string, previous []string) Signer {
	return newHMACSigner(signerSalt(cookieName), secret, previous)
}

func newHMACSigner(salt, secret string, previous []string) *hmacSigner {
	s := &hmacSigner{keys: []*hmacKey{newHMACKey(salt, secret)}}
	for _, old := range previous {
		s.keys = append(s.keys, newHMACKey(salt, old))
	}
	return s
}

func (s *hmacSigner) Sign(id string) (string, error) {
	var content, text [256]byte // as in VerifyRotated
	b := append(s.keys[0].appendSum(content[:0], id), id...)
	return string(base64.RawURLEncoding.AppendEncode(text[:0], b)), nil
}

func (s *hmacSigner) Verify(value string) (string, error) {
	id, _, err := s.VerifyRotated(value)
	return id, err
}

func (s *hmacSigner) VerifyRotated(value string) (id string, old bool, err error) {
	// A longer value than any cookie may be is not worth decoding.
	if len(value) > MaxCookieBytes {
		return "", false, ErrBadCookie
	}
	// The usual cookie fits into these, which cost no allocation.
	var text, content [256]byte
	// Strict: no stray bits after the last character, so that one ID has one
	// spelling. The decoder itself would still skip line ends.
	b, err := strictBase64.AppendDecode(content[:0], append(text[:0], value...))
	if err != nil || len(b) <= sha512.Size || base64.RawURLEncoding.EncodedLen(len(b)) != len(value) {
		return "", false, ErrBadCookie
	}
	mac, message := b[:sha512.Size], b[sha512.Size:]
	for i, k := range s.keys {
		if k.signed(mac, message) {
			if !utf8.Valid(message) {
				return "", false, ErrBadCookie
			}
			return string(message), i > 0, nil
		}
	}
	return "", false, ErrBadCookie
}

var strictBase64 = base64.RawURLEncoding.Strict()

// hmacKey keeps keyed hashes for reuse: keying one costs more than hashing an ID
// (BenchmarkCookie).
type hmacKey struct{ pool sync.Pool }

// keyedHash is a hash with buffers for its input and output, which would otherwise be
// allocated for every use: the compiler cannot see that hash.Hash does not keep them.
type keyedHash struct {
	hash.Hash
	message, mac []byte
}

func newHMACKey(salt, secret string) *hmacKey {
	key := secretBytes(salt + secret)
	return &hmacKey{pool: sync.Pool{New: func() any { return &keyedHash{Hash: hmac.New(sha512.New, key)} }}}
}

// compute makes mac the MAC of message.
func (h *keyedHash) compute() {
	h.Reset()
	h.Write(h.message)
	h.mac = h.Sum(h.mac[:0])
}

func (k *hmacKey) appendSum(dst []byte, message string) []byte {
	h := k.pool.Get().(*keyedHash)
	defer k.pool.Put(h)
	h.message = append(h.message[:0], message...)
	h.compute()
	return append(dst, h.mac...)
}

// signed reports, in constant time, whether mac is the MAC of message.
func (k *hmacKey) signed(mac, message []byte) bool {
	h := k.pool.Get().(*keyedHash)
	defer k.pool.Put(h)
	h.message = append(h.message[:0], message...)
	h.compute()
	return hmac.Equal(mac, h.mac)
}

// secretBytes encodes a secret as WebOb does: Latin-1 when every character is
// at most U+00FF, otherwise all of it UTF-8.
func secretBytes(s string) []byte {
	latin1 := make([]byte, 0, len(s))
	for _, r := range s {
		if r > 0xff {
			return []byte(s)
		}
		latin1 = append(latin1, byte(r))
	}
	return latin1
}
