package session

import "fmt"

// OptionError is a mistake in the Options that NewFactory was given. NewFactory returns
// all of them, joined by errors.Join.
type OptionError struct {
	// Field is the field of Options that is to blame: "PythonExpires", "Cookie.Path".
	Field string
	// Err says what is wrong with it. It never holds a secret or a key.
	Err error
}

// Error returns "session: field: what is wrong with it".
func (e *OptionError) Error() string { return "session: " + e.Field + ": " + e.Err.Error() }

// Unwrap returns Err.
func (e *OptionError) Unwrap() error { return e.Err }

func optionError(field, format string, args ...any) error {
	return &OptionError{Field: field, Err: fmt.Errorf(format, args...)}
}
