package pickle

import (
	"errors"
	"fmt"
	"strings"
)

// ErrMalformed is returned, wrapped, when the input is not a pickle this
// package reads: cut short, followed by other bytes, using an opcode outside
// the allow-list, or holding a value Python itself would refuse.
var ErrMalformed = errors.New("pickle: malformed")

// ErrLimit is returned, wrapped, when the input or the value goes past one of
// the [Limits].
var ErrLimit = errors.New("pickle: limit exceeded")

// ErrCycle is returned, wrapped, when a Python value contains itself. Go values
// that do are refused as nested too deeply.
var ErrCycle = errors.New("pickle: a value contains itself")

// ErrUnsupported is returned, wrapped, when a Go value has no Python
// counterpart: a func, a channel, text that is not UTF-8.
var ErrUnsupported = errors.New("pickle: unsupported value")

// A ClassError is returned when a pickle names a class or function outside the
// allow-list. Nothing was looked up and nothing was called.
type ClassError struct {
	// Class is module.name as the pickle spells it, cut to a sane length and
	// with everything that is not an identifier replaced, fit for a log.
	Class string
}

func (e *ClassError) Error() string {
	return "pickle: class " + e.Class + " is not one that is read"
}

func newClassError(module, name string) *ClassError {
	return &ClassError{Class: identifier(module) + "." + identifier(name)}
}

// identifier makes a name out of hostile input printable.
func identifier(s string) string {
	const most = 80
	cut := len(s) > most
	if cut {
		s = s[:most]
	}
	s = strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '_', r == '.':
			return r
		}
		return '?'
	}, s)
	if cut {
		s += "..."
	}
	return s
}

func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrMalformed, fmt.Sprintf(format, args...))
}

func exceeded(what string, limit int) error {
	return fmt.Errorf("%w: more than %d %s", ErrLimit, limit, what)
}

// A pathError says where in a nested value the trouble is. The path is put
// together on the way out, so that the usual case pays nothing for it.
type pathError struct {
	path string
	err  error
}

func (e *pathError) Error() string { return e.err.Error() + " (at " + e.path + ")" }
func (e *pathError) Unwrap() error { return e.err }

// at puts step in front of the path of err.
func at(step string, err error) error {
	const most = 120 // the outermost steps say the most
	var p *pathError
	if !errors.As(err, &p) {
		return &pathError{path: step, err: err}
	}
	p.path = step + strings.TrimSuffix(p.path, "...")
	if len(p.path) > most {
		p.path = p.path[:most] + "..."
	}
	return err
}

func atIndex(i int, err error) error {
	if err == nil {
		return nil
	}
	return at(fmt.Sprintf("[%d]", i), err)
}

func atKey(key any, err error) error {
	const most = 80
	if err == nil {
		return nil
	}
	if s, ok := key.(string); ok {
		if len(s) > most {
			s = s[:most] + "..."
		}
		return at(fmt.Sprintf("[%q]", s), err)
	}
	return at(fmt.Sprintf("[key of type %T]", key), err)
}
