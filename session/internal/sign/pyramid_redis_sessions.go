package sign

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"unicode/utf8"

	"github.com/pyramidgo/redissessions/encode/pickle"
)

// sha1Signer is the signature of pyramid_redis_sessions, which is Pyramid's
// signed_serialize: hex(HMAC-SHA1(secret, blob)) and base64(blob), padded,
// where blob is the pickle of the ID.
//
// HMAC-SHA1 is weak in name only: what is known against SHA-1 are collisions,
// which do not help to forge an HMAC (RFC 6194, section 3.3).
type sha1Signer struct {
	keys [][]byte // the first signs, all verify
}

// PyramidRedisSessions returns the signer of pyramid_redis_sessions. It takes the
// cookie's name only to be like native.
func PyramidRedisSessions(_, secret string, previous []string) Signer {
	s := &sha1Signer{keys: [][]byte{secretBytes(secret)}}
	for _, old := range previous {
		s.keys = append(s.keys, secretBytes(old))
	}
	return s
}

// sha1MACLen is the length of the signature in the cookie.
const sha1MACLen = 2 * sha1.Size

// errNotText is for an ID that Python could not hold in a str.
var errNotText = errors.New("the session ID is not UTF-8")

// Sign pickles with protocol 2, which every Python reads.
func (s *sha1Signer) Sign(id string) (string, error) {
	if !utf8.ValidString(id) {
		return "", errNotText
	}
	blob := pickle.AppendString(nil, id)
	value := make([]byte, 0, sha1MACLen+base64.StdEncoding.EncodedLen(len(blob)))
	value = hex.AppendEncode(value, sha1Sum(s.keys[0], blob))
	return string(base64.StdEncoding.AppendEncode(value, blob)), nil
}

func (s *sha1Signer) Verify(value string) (string, error) {
	id, _, err := s.VerifyRotated(value)
	return id, err
}

// VerifyRotated is stricter than Python, which skips characters that are not base64 and
// runs what a signed pickle says: the base64 must be the one spelling of its bytes, and
// the blob the pickle of one str.
func (s *sha1Signer) VerifyRotated(value string) (id string, old bool, err error) {
	if len(value) <= sha1MACLen || len(value) > MaxCookieBytes {
		return "", false, ErrBadCookie
	}
	mac, text := value[:sha1MACLen], value[sha1MACLen:]
	blob, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil || base64.StdEncoding.EncodedLen(len(blob)) != len(text) {
		return "", false, ErrBadCookie
	}
	for i, key := range s.keys {
		if hmac.Equal([]byte(mac), hex.AppendEncode(nil, sha1Sum(key, blob))) {
			if id, err = pickle.ParseString(blob); err != nil {
				return "", false, ErrBadCookie
			}
			return id, i > 0, nil
		}
	}
	return "", false, ErrBadCookie
}

func sha1Sum(key, blob []byte) []byte {
	h := hmac.New(sha1.New, key)
	h.Write(blob)
	return h.Sum(nil)
}
