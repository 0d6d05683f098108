package session

import (
	"fmt"
	"log/slog"
)

const redacted = "[redacted]"

// Secrets are older secrets in Options. They print as [redacted], whatever the verb, in
// log/slog and in JSON. A []string can be assigned to them. fmt calls no method in an
// unexported field: keep Options there behind a pointer, of which it prints the address.
// A Factory holds no secret that could print.
type Secrets []string

// Keys are encryption keys. A [][]byte can be assigned to it.
type Keys [][]byte

var (
	_ fmt.Formatter = Secrets(nil)
	_ fmt.Formatter = Keys(nil)
)

// Format implements fmt.Formatter for every verb and flag.
func (Secrets) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redacted)) }

// LogValue returns [redacted].
func (Secrets) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText returns [redacted].
func (Secrets) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// Format implements fmt.Formatter for every verb and flag.
func (Keys) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redacted)) }

// LogValue returns [redacted].
func (Keys) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText returns [redacted].
func (Keys) MarshalText() ([]byte, error) { return []byte(redacted), nil }
