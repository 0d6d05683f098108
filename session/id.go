package session

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
)

// tokenBytes is the entropy of IDs and CSRF tokens: 256 bits, twice what
// OWASP's Session Management Cheat Sheet asks for.
const tokenBytes = 32

// forkIDBytes is the entropy of an ID of pyramid_session_redis.
const forkIDBytes = 48

// randomID returns a new session ID: 256 random bits, base64url.
func randomID() (string, error) {
	b, err := randomBytes(tokenBytes)
	return base64.RawURLEncoding.EncodeToString(b), err
}

// originalID returns an ID that looks like one of pyramid_redis_sessions: 64
// hex digits. Those of the package come from 160 random bits, these from 256.
func originalID() (string, error) { return randomHex(tokenBytes) }

// forkID returns an ID that looks like one of pyramid_session_redis, which is
// Python's secrets.token_urlsafe(48).
func forkID() (string, error) {
	b, err := randomBytes(forkIDBytes)
	return base64.RawURLEncoding.EncodeToString(b), err
}

// randomHex returns n random bytes as hex digits.
func randomHex(n int) (string, error) {
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
