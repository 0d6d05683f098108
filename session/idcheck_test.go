package session_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/pyramidgo/redissessions/session"
)

// TestUnsuitableIDs: an ID that could not come back in the cookie is an error of the
// request that begins or renews the session, and the error says whose ID it is.
func TestUnsuitableIDs(t *testing.T) {
	for name, id := range map[string]string{
		"bytes":             "\x8f\x00\xfe\x13\x9a" + strings.Repeat("\xc3", 11),
		"half a rune":       "0123456789abcdef0123\xe2\x82",
		"a NUL":             "0123456789abcdef0123456789\x00abcdef",
		"a line break":      "0123456789abcdef0123456789abcdef\n",
		"an escape":         "0123456789abcdef\x1b[31m0123456789abcdef",
		"a delete":          "0123456789abcdef\x7f0123456789abcdef",
		"a no-break space":  "0123456789abcdef\u00a00123456789abcdef",
		"a byte order mark": "\ufeff0123456789abcdef0123456789abcdef",
		"a line separator":  "0123456789abcdef\u20280123456789abcdef",
		"4000 bytes":        strings.Repeat("0123456789abcdef", 250),
		"100,000 bytes":     strings.Repeat("0123456789", 10_000),
		"nothing":           "",
	} {
		for _, format := range []session.Format{session.FormatNative, session.FormatPyramidRedisSessions, session.FormatPyramidSessionRedis} {
			t.Run(name+", "+format.String(), func(t *testing.T) {
				suitable := true
				store := newMemStore()
				var answered error
				f := newTestFactory(t, store, func(o *session.Options) {
					discardLog(o)
					o.Format = format
					o.NewID = func() (string, error) {
						if suitable {
							return "a-suitable-id-0123456789abcdef", nil
						}
						return id, nil
					}
					o.ErrorHandler = func(w http.ResponseWriter, _ *http.Request, err error) {
						answered = err
						w.WriteHeader(http.StatusInternalServerError)
					}
				})
				refused := func(what string, v *siteVisitor, use func(*session.Session)) {
					t.Helper()
					answered = nil
					resp := v.serve(func(_ http.ResponseWriter, r *http.Request) {
						if s, err := f.Get(r); err == nil {
							use(s)
						}
					})
					if resp.StatusCode != http.StatusInternalServerError || answered == nil || !strings.Contains(answered.Error(), "id_generator") {
						t.Errorf("%s: status %d, %v", what, resp.StatusCode, answered)
					} else if id != "" && strings.Contains(answered.Error(), id) {
						t.Errorf("%s: the error shows the ID", what)
					}
				}
				known := newVisitor(t, f)
				known.visit(func(s *session.Session) { s.Set("a", 1) })
				suitable = false
				refused("a new session", newVisitor(t, f), func(s *session.Session) { s.Set("a", 1) })
				if len(store.records) != 1 {
					t.Errorf("%d records, want that of the other visitor", len(store.records))
				}
				if err := renewError(t, known); err == nil || !strings.Contains(err.Error(), "id_generator") {
					t.Errorf("a renewal: %v", err)
				}
			})
		}
	}
}

// renewError is what Renew returns to a visitor.
func renewError(t *testing.T, v *siteVisitor) (err error) {
	t.Helper()
	v.serve(func(_ http.ResponseWriter, r *http.Request) {
		s, getErr := v.f.Get(r)
		if getErr != nil {
			t.Error(getErr)
			return
		}
		err = s.Renew(context.Background())
	})
	return err
}

// TestSuitableIDs of other kinds than ours come back.
func TestSuitableIDs(t *testing.T) {
	for _, id := range []string{"x", "550e8400-e29b-41d4-a716-446655440000", "shop:0123456789", "made in Go", "a/+=;,\"\\", "séance-日本"} {
		for _, format := range []session.Format{session.FormatNative, session.FormatPyramidRedisSessions, session.FormatPyramidSessionRedis} {
			f := newTestFactory(t, newMemStore(), func(o *session.Options) {
				o.Format = format
				o.NewID = func() (string, error) { return id, nil }
			})
			v := newVisitor(t, f)
			v.visit(func(s *session.Session) { s.Set("a", 1) })
			v.visit(func(s *session.Session) {
				if s.IsNew() || s.ID() != id {
					t.Errorf("%s: %q did not come back: %q", format, id, s.ID())
				}
			})
		}
	}
}

// forgetful is a signer that verifies nothing, though it signs.
type forgetful struct{}

func (forgetful) Sign(id string) (string, error) { return id + ".signed", nil }
func (forgetful) Verify(string) (string, error)  { return "", errors.New("forgotten") }

// TestSignerThatDoesNotVerify is found at the first save, not by each visitor's second
// request.
func TestSignerThatDoesNotVerify(t *testing.T) {
	var answered error
	f := newTestFactory(t, newMemStore(), func(o *session.Options) {
		discardLog(o)
		o.Secret, o.Signer = "", forgetful{}
		o.ErrorHandler = func(_ http.ResponseWriter, _ *http.Request, err error) { answered = err }
	})
	newVisitor(t, f).serve(func(_ http.ResponseWriter, r *http.Request) {
		if s, err := f.Get(r); err == nil {
			s.Set("a", 1)
		}
	})
	if answered == nil || !strings.Contains(answered.Error(), "cookie_signer") {
		t.Errorf("%v", answered)
	}
}
