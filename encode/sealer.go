package encode

import (
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"fmt"
	"io"
	"log/slog"
)

// SealerKeySize is the length of a sealer's keys in bytes.
const SealerKeySize = 32

// sealedVersion begins all sealed data, so that another format can follow
// this one: version ‖ nonce (12 bytes) ‖ ciphertext ‖ tag (16 bytes).
const sealedVersion = 1

// Sealer encrypts and authenticates with AES-256-GCM and a random nonce.
//
// The random nonces are good for 2^32 sealings with one key (NIST SP 800-38D,
// section 8.3). A site that saves a thousand records a second reaches that in
// seven weeks and puts a new key first before then.
//
// A Sealer is safe for use by several goroutines. Printed or logged, it shows
// nothing of its keys.
type Sealer struct {
	aeads []cipher.AEAD // the first seals
}

// NewSealer returns a sealer that seals with the first key and opens what any
// of the keys has sealed: a new key is put in front of the old ones, and an
// old one is dropped when nothing it has sealed matters any more. Each key is
// 32 random bytes. The keys are not kept and may be overwritten afterwards.
func NewSealer(keys ...[]byte) (*Sealer, error) {
	if len(keys) == 0 {
		return nil, errors.New("encode: a sealer needs a key")
	}
	s := &Sealer{aeads: make([]cipher.AEAD, len(keys))}
	for i, key := range keys {
		if len(key) != SealerKeySize {
			return nil, fmt.Errorf("encode: key %d has %d bytes; a sealer's key has %d", i+1, len(key), SealerKeySize)
		}
		block, err := aes.NewCipher(key)
		if err != nil {
			return nil, fmt.Errorf("encode: key %d: %w", i+1, err)
		}
		if s.aeads[i], err = cipher.NewGCMWithRandomNonce(block); err != nil {
			return nil, fmt.Errorf("encode: key %d: %w", i+1, err)
		}
	}
	return s, nil
}

// Seal returns plaintext encrypted. Only the same associated data opens it
// again; aad is not part of the result and may be nil.
func (s *Sealer) Seal(plaintext, aad []byte) ([]byte, error) {
	if len(s.aeads) == 0 {
		return nil, errors.New("encode: a sealer needs a key; make it with NewSealer")
	}
	seal := s.aeads[0]
	out := make([]byte, 1, 1+seal.Overhead()+len(plaintext))
	out[0] = sealedVersion
	return seal.Seal(out, nil, plaintext, withVersion(aad)), nil
}

// Open returns what Seal was given, or ErrCannotOpen.
func (s *Sealer) Open(sealed, aad []byte) (plaintext []byte, err error) {
	if len(sealed) == 0 || sealed[0] != sealedVersion {
		return nil, ErrCannotOpen
	}
	bound := withVersion(aad)
	for _, key := range s.aeads {
		if plaintext, err := key.Open(nil, nil, sealed[1:], bound); err == nil {
			return plaintext, nil
		}
	}
	return nil, ErrCannotOpen
}

// withVersion binds the version to the sealed data as well.
func withVersion(aad []byte) []byte {
	return append([]byte{sealedVersion}, aad...)
}

// Format writes the same for every verb: nothing of the keys.
func (s Sealer) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, "encode.Sealer[redacted]") // fmt has nowhere to report it
}

// LogValue is Format for log/slog.
func (s Sealer) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(s)) }
