package sign

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
)

// IDBytes is the entropy of IDs: 256 bits, twice what OWASP's
// Session Management Cheat Sheet asks for.
const IDBytes = 32

// pyramidSessionRedisIDBytes is the entropy of an ID of pyramid_session_redis.
const pyramidSessionRedisIDBytes = 48

// NewID returns a new session ID: 256 random bits, base64url.
func NewID() (string, error) {
	b, err := randomBytes(IDBytes)
	return base64.RawURLEncoding.EncodeToString(b), err
}

// PyramidRedisSessionsID returns an ID that looks like one of pyramid_redis_sessions: 64
// hex digits. Those of the package come from 160 random bits, these from 256.
func PyramidRedisSessionsID() (string, error) { return RandomHex(IDBytes) }

// PyramidSessionRedisID returns an ID that looks like one of pyramid_session_redis, which is
// Python's secrets.token_urlsafe(48).
func PyramidSessionRedisID() (string, error) {
	b, err := randomBytes(pyramidSessionRedisIDBytes)
	return base64.RawURLEncoding.EncodeToString(b), err
}

// RandomHex returns n random bytes as hex digits.
func RandomHex(n int) (string, error) {
	b, err := randomBytes(n)
	return hex.EncodeToString(b), err
}

// randomBytes reads rand.Reader itself: rand.Read would end the program where
// a failing reader should only fail the request.
func randomBytes(n int) ([]byte, error) {
	b := make([]byte, n)
	if _, err := io.ReadFull(rand.Reader, b); err != nil {
		return nil, fmt.Errorf("session: no randomness: %w", err)
	}
	return b, nil
}
