package session

import (
	"context"
	"errors"
	"net/http"
	"reflect"
)

// A response that is written to the ResponseWriter around the session's goes out
// without the session's cookie. The writers of frameworks can tell that it was.

// errBypassed is logged for it.
var errBypassed = errors.New("session: the response was written to another ResponseWriter than the one that the session's Handler passes on, and has no cookie of the session: middleware that replaces the request must replace the writer too (in gin c.Writer, in echo c.SetResponse)")

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

// signsOf returns functions that report, each by what one writer of the chain
// tells, whether the response has begun. It is called before the application's
// handler: what counts is what has changed since.
func signsOf(w http.ResponseWriter) (begun []func() bool) {
	for w := range chain(w) {
		begun = append(begun, signsOfOne(w)...)
	}
	return begun
}

// signsOfOne returns what one writer tells. One that tells plainly, as those of gin,
// negroni and echo do, is not asked for its status, which gin sets ahead.
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
		begun = append(begun, func() bool { return w.Status() != 0 && !informational(w.Status()) })
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

// bypassed reports whether the response has begun without passing the session's
// writer. The caller holds the lock. After an interim response the writers around
// do not tell one from the other.
func (x *exchange) bypassed() bool {
	if x.interim {
		return false
	}
	for _, begun := range x.begun {
		if begun() {
			return true
		}
	}
	return false
}

// settleBypassed is settle for a response that cannot carry a cookie any more: it
// saves a session that the browser knows and ends one that it does not, which
// no request could find. The caller holds the lock.
func (x *exchange) settleBypassed() {
	if !x.got {
		return
	}
	err := x.loadErr
	if s := x.session; s != nil {
		s.mu.Lock()
		s.headerSent = true
		err = s.endUnknown(x.r.Context(), ErrHeaderWritten)
		if failed := s.failure(); failed != nil {
			err = errors.Join(err, failed) // and nothing is saved
		} else {
			err = errors.Join(err, s.saveLate(x.r.Context()))
		}
		s.mu.Unlock()
	}
	x.log("session: the response was sent past the session's writer", errors.Join(errBypassed, err))
}

// endUnknown ends a session whose ID the browser has not got and cannot get any
// more, for a reason that a later save returns. The caller holds the lock.
func (s *Session) endUnknown(ctx context.Context, why error) error {
	if s.guard == nil || s.id == s.known {
		return nil
	}
	ctx, cancel := s.f.writeContext(ctx)
	defer cancel()
	err := s.f.end(ctx, s.store, s.at)
	s.ended, s.cookie = why, cookieKeep
	return err
}
