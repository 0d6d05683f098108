package respwriter

import (
	"net/http"
	"reflect"
)

// A response that is written to the ResponseWriter around the session's goes out
// without the session's cookie. The writers of frameworks can tell that it was.

type unwrapper interface{ Unwrap() http.ResponseWriter }

// maxUnwraps bounds the walk through writers that wrap one another.
const maxUnwraps = 64

// chain yields a ResponseWriter and those that it wraps, as http.ResponseController
// finds them.
func chain(w http.ResponseWriter) func(yield func(http.ResponseWriter) bool) {
	return func(yield func(http.ResponseWriter) bool) {
		for range maxUnwraps {
			if !yield(w) {
				return
			}
			u, ok := w.(unwrapper)
			if !ok {
				return
			}
			w = u.Unwrap()
		}
	}
}

// signsOf returns functions that report whether the response has begun, each by a method
// or field of one writer of the chain. It is called before the application's handler:
// only what changes afterwards counts.
func signsOf(w http.ResponseWriter) (begun []func() bool) {
	for w := range chain(w) {
		begun = append(begun, signsOfOne(w)...)
	}
	return begun
}

// signsOfOne returns the functions for one writer. One with Written or Committed, as
// those of gin, negroni and echo, is not asked for its status, which gin sets ahead.
func signsOfOne(w http.ResponseWriter) (begun []func() bool) {
	switch w := w.(type) {
	case interface{ Written() bool }:
		return []func() bool{w.Written}
	case interface{ Committed() bool }:
		return []func() bool{w.Committed}
	}
	if committed := committedField(w); committed != nil {
		return []func() bool{committed}
	}
	switch w := w.(type) { // as chi's, and many that count for a log
	case interface{ BytesWritten() int }:
		begun = append(begun, changed(w.BytesWritten))
	case interface{ BytesWritten() int64 }:
		begun = append(begun, changed(w.BytesWritten))
	case interface{ Size() int }:
		begun = append(begun, changed(w.Size))
	case interface{ Size() int64 }:
		begun = append(begun, changed(w.Size))
	case interface{ Written() int }:
		begun = append(begun, changed(w.Written))
	case interface{ Written() int64 }:
		begun = append(begun, changed(w.Written))
	}
	if w, ok := w.(interface{ Status() int }); ok && w.Status() == 0 {
		begun = append(begun, func() bool { return w.Status() != 0 && !Informational(w.Status()) })
	}
	return begun
}

func changed[N int | int64](count func() N) func() bool {
	before := count()
	return func() bool { return count() != before }
}

// committedField returns a function that reads the field Committed of a writer, as
// echo's Response has it, nil when there is none.
func committedField(w http.ResponseWriter) func() bool {
	v := reflect.ValueOf(w)
	if v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	if v.Kind() != reflect.Struct {
		return nil
	}
	field, ok := v.Type().FieldByName("Committed")
	if !ok || field.Type.Kind() != reflect.Bool {
		return nil
	}
	return func() bool {
		committed, err := v.FieldByIndexErr(field.Index)
		return err == nil && committed.Bool()
	}
}

// Begun reports whether the response has begun without passing the session's writer.
func (x *Response) Begun() bool {
	for _, begun := range x.begun {
		if begun() {
			return true
		}
	}
	return false
}
