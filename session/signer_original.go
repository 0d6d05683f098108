package session

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"unicode/utf8"

	"github.com/pyramidgo/redissessions/encode/pickle"
)

// originalSigner is the signature of pyramid_redis_sessions, which is Pyramid's
// signed_serialize: hex(HMAC-SHA1(secret, blob)) and base64(blob), padded,
// where blob is the pickle of the ID.
//
// HMAC-SHA1 is weak in name only: what is known against SHA-1 are collisions,
// which do not help to forge an HMAC (RFC 6194, section 3.3).
type originalSigner struct {
	keys [][]byte // the first signs, all verify
}

var _ RotatingSigner = (*originalSigner)(nil)

func newOriginalSigner(_, secret string, previous []string) Signer {
	s := &originalSigner{keys: [][]byte{secretBytes(secret)}}
	for _, old := range previous {
		s.keys = append(s.keys, secretBytes(old))
	}
	return s
}

// originalMAC is the length of the signature in the cookie.
const originalMAC = 2 * sha1.Size

// errNotText is for an ID that Python could not hold in a str.
var errNotText = errors.New("the session ID is not UTF-8")

// Sign pickles with protocol 2, which every Python reads.
func (s *originalSigner) Sign(id string) (string, error) {
	if !utf8.ValidString(id) {
		return "", errNotText
	}
	blob := pickle.AppendString(nil, id)
	value := make([]byte, 0, originalMAC+base64.StdEncoding.EncodedLen(len(blob)))
	value = hex.AppendEncode(value, originalSum(s.keys[0], blob))
	return string(base64.StdEncoding.AppendEncode(value, blob)), nil
}

func (s *originalSigner) Verify(value string) (string, error) {
	id, _, err := s.VerifyRotated(value)
	return id, err
}

// VerifyRotated is stricter than Python, which skips what is no base64 and runs what a
// signed pickle says: the base64 must be the one spelling of its bytes, and
// the blob the pickle of one str.
func (s *originalSigner) VerifyRotated(value string) (id string, old bool, err error) {
	if len(value) <= originalMAC || len(value) > maxCookieBytes {
		return "", false, ErrBadCookie
	}
	mac, text := value[:originalMAC], value[originalMAC:]
	blob, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil || base64.StdEncoding.EncodedLen(len(blob)) != len(text) {
		return "", false, ErrBadCookie
	}
	for i, key := range s.keys {
		if hmac.Equal([]byte(mac), hex.AppendEncode(nil, originalSum(key, blob))) {
			if id, err = pickle.ParseString(blob); err != nil {
				return "", false, ErrBadCookie
			}
			return id, i > 0, nil
		}
	}
	return "", false, ErrBadCookie
}

func originalSum(key, blob []byte) []byte {
	h := hmac.New(sha1.New, key)
	h.Write(blob)
	return h.Sum(nil)
}
