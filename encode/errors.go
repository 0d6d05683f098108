package encode

import (
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
)

// ErrCannotOpen is returned by Sealer.Open, and by a Sealed codec's decoder,
// when sealed data was not made with one of the keys, belongs to other
// associated data, or is damaged. Which of them it is cannot be told, and to
// an attacker should not be.
var ErrCannotOpen = errors.New("encode: sealed data cannot be opened: it is damaged, or none of the keys made it")

// shownPath is how many steps of the way to a value an error shows. A cyclic
// value's way is as long as the depth limit.
const shownPath = 6

// valueError says which value cannot be encoded. The way to it is put
// together while the walk returns, so that it costs nothing when all is well.
type valueError struct {
	path   []string // innermost first
	reason string
}

func (e *valueError) Error() string {
	if len(e.path) == 0 {
		return e.reason
	}
	var b strings.Builder
	for i := range min(len(e.path), shownPath) {
		step := e.path[len(e.path)-1-i]
		if i > 0 && step[0] != '[' {
			b.WriteByte('.')
		}
		b.WriteString(step)
	}
	if len(e.path) > shownPath {
		b.WriteString("…")
	}
	return b.String() + ": " + e.reason
}

// in adds a step to the way: the value is at key of the value outside it.
func (e *valueError) in(step string) *valueError {
	e.path = append(e.path, step)
	return e
}

// keyStep is a map key as a step of the way, quoted unless it is plain, so
// that an error stays one line whatever the key.
func keyStep(key string) string {
	const longest = 40
	if len(key) > longest {
		key = key[:longest] + "…"
	}
	if quoted := strconv.Quote(key); key == "" || strings.ContainsAny(key, " .:[]") || quoted != `"`+key+`"` {
		return quoted
	}
	return key
}

func indexStep(i int) string { return "[" + strconv.Itoa(i) + "]" }

// codecError is what a built-in codec returns: the codec's name, what it was
// doing, and the cause without the library's own "json: " before it.
type codecError struct {
	codec string
	doing string
	cause error
}

func (e *codecError) Error() string {
	cause := strings.TrimPrefix(e.cause.Error(), e.codec+": ")
	return "encode: " + e.codec + ": " + e.doing + ": " + oneLine.Replace(cause)
}

// oneLine keeps a log line one line whatever a value's own method reports.
var oneLine = strings.NewReplacer("\n", " ", "\r", " ")

func (e *codecError) Unwrap() error { return e.cause }

// guard turns a panic into an error. The codec libraries work by reflection
// and call the values' own methods (MarshalJSON and the like); a mistake in
// one of these must fail the one session that holds the value, after whose
// request there may be no one left to recover.
func guard(codec, doing string, err *error) {
	if p := recover(); p != nil {
		*err = &codecError{codec, doing, fmt.Errorf("panic: %v", p)}
	}
}

// checkTarget refuses a target that nothing can be decoded into.
func checkTarget(v any) error {
	rv := reflect.ValueOf(v)
	if rv.Kind() != reflect.Pointer || rv.IsNil() {
		return fmt.Errorf("the target must be a non-nil pointer, not %T", v)
	}
	return nil
}
