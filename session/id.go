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

// randomID returns a new session ID: 256 random bits, base64url.
func randomID() (string, error) {
	b, err := randomBytes()
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(b[:]), nil
}

// randomToken returns a new CSRF token: 256 random bits, 64 hex digits, as
// pyramid_session_redis writes them.
func randomToken() (string, error) {
	b, err := randomBytes()
	if err != nil {
		return "", err
	}
	return hex.EncodeToString(b[:]), nil
}

// randomBytes reads rand.Reader itself: rand.Read would end the program where
// a failing reader should only fail the request.
func randomBytes() (b [tokenBytes]byte, err error) {
	if _, err := io.ReadFull(rand.Reader, b[:]); err != nil {
		return b, fmt.Errorf("session: no randomness: %w", err)
	}
	return b, nil
}
