package settings

import (
	"fmt"
	"log/slog"
)

const redacted = "[redacted]"

// Secret is text that must not be shown: it prints as [redacted] under every verb of
// package fmt, in log/slog, and in JSON, YAML, TOML and XML. Its content is string(s).
//
// No string can protect itself where fmt calls no method: inside an unexported field, which
// fmt reads by reflection, and under %p, which is for pointers (go vet finds that one). Keep
// a secret behind a pointer there, as [Options] does.
type Secret string

var (
	_ fmt.Formatter  = Secret("")
	_ slog.LogValuer = Secret("")
)

// Format implements fmt.Formatter for every verb and flag, %d, %x, %q and %#v among them.
func (Secret) Format(state fmt.State, _ rune) { _, _ = state.Write([]byte(redacted)) }

// String returns [redacted].
func (Secret) String() string { return redacted }

// GoString returns [redacted].
func (Secret) GoString() string { return redacted }

// LogValue returns [redacted].
func (Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText returns [redacted]; encoders of JSON, TOML and XML call it.
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// MarshalYAML returns [redacted].
func (Secret) MarshalYAML() (any, error) { return redacted, nil }
