package record

import (
	"errors"
	"fmt"
)

var (
	// ErrUndecodable is session.ErrUndecodable.
	ErrUndecodable = errors.New("session: the stored record cannot be decoded")
	// ErrCrossedReply is session.ErrCrossedReply.
	ErrCrossedReply = errors.New("session: the reply holds the record of another session")
)

// EncodeError names the key whose value could not be encoded.
func EncodeError(key string, err error) error {
	return fmt.Errorf("session: the value at key %q cannot be encoded: %w", key, err)
}
