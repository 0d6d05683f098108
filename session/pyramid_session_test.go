package session_test

import (
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pyramidgo/redissessions/encode/pickle"
	"github.com/pyramidgo/redissessions/session"
	"github.com/pyramidgo/redissessions/session/internal/sign"
)

// eachPackage runs a test in both Pyramid formats, with their own cookies.
func eachPackage(t *testing.T, test func(t *testing.T, store *memStore, format session.Format)) {
	for layout, format := range packages {
		t.Run(layout, func(t *testing.T) { test(t, newMemStore(), format) })
	}
}

func TestPyramidIDs(t *testing.T) {
	eachPackage(t, func(t *testing.T, store *memStore, format session.Format) {
		decode := hex.DecodeString
		if format == session.FormatPyramidSessionRedis {
			decode = base64.RawURLEncoding.DecodeString
		}
		for _, prefix := range []string{"", "shop:"} {
			f := newTestFactory(t, store, func(o *session.Options) { o.Format, o.Prefix = format, prefix })
			v := newVisitor(t, f)
			v.visit(func(s *session.Session) { s.Set("a", 1) })
			v.visit(func(s *session.Session) {
				random, ok := strings.CutPrefix(s.ID(), prefix)
				if b, err := decode(random); !ok || err != nil || len(random) != 64 || len(b) < 32 {
					t.Errorf("the ID is %q", s.ID())
				}
				if _, ok := store.records[s.ID()]; !ok {
					t.Error("the key is not the ID")
				}
			})
		}
	})
}

func TestPyramidCSRFToken(t *testing.T) {
	eachPackage(t, func(t *testing.T, store *memStore, format session.Format) {
		want := map[session.Format]int{session.FormatPyramidRedisSessions: 40, session.FormatPyramidSessionRedis: 64}[format]
		v := newVisitor(t, newPyramidFactory(t, store, format, "pickle", nil))
		v.visit(func(s *session.Session) {
			token, err := s.CSRFToken(t.Context())
			if err != nil || len(token) != want || len(s.NewCSRFToken()) != want {
				t.Errorf("the token is %q, %v; want %d hex digits", token, err, want)
			}
		})
		v.visit(func(s *session.Session) {
			if token, _ := session.Value[string](s, "_csrft_"); len(token) != want {
				t.Errorf("stored as %q", token)
			}
		})
	})
}

// WebOb takes the last of several cookies; here the others are tried after it.
func TestPyramidLastCookieCounts(t *testing.T) {
	eachPackage(t, func(t *testing.T, store *memStore, format session.Format) {
		f := newPyramidFactory(t, store, format, "pickle", nil)
		var ids []string
		for range 2 {
			newVisitor(t, f).visit(func(s *session.Session) { s.Set("a", 1) })
		}
		for id := range store.records {
			ids = append(ids, id)
		}
		for header, want := range map[string]string{
			"session=" + ids[0] + "; session=" + ids[1]: ids[1],
			"session=" + ids[1] + "; session=" + ids[0]: ids[0],
			"session=" + ids[0] + "; session=unknown":   ids[0],
		} {
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.Header.Set("Cookie", header)
			if s, err := f.Get(r); err != nil || s.ID() != want {
				t.Errorf("the first or an unknown session was taken: %v", err)
			}
		}
	})
}

func TestPyramidRenewLeavesNothing(t *testing.T) {
	eachPackage(t, func(t *testing.T, store *memStore, format session.Format) {
		v := newVisitor(t, newTestFactory(t, store, ofFormat(format)))
		v.visit(func(s *session.Session) { s.Set("a", 1) })
		old := ""
		store.takeCalls()
		v.visit(func(s *session.Session) {
			old = s.ID()
			if err := s.Renew(t.Context()); err != nil {
				t.Error(err)
			}
		})
		if calls := store.takeCalls(); !slices.Equal(calls, []string{"load", "create", "remove"}) {
			t.Errorf("a renewal takes %v", calls)
		}
		if _, ok := store.records[old]; ok || len(store.records) != 1 {
			t.Error("the old key is still there: Python would take a marker for a session")
		}
		v.visit(func(s *session.Session) {
			if a, _ := session.Value[int](s, "a"); a != 1 || s.ID() == old {
				t.Error("the session did not move")
			}
			if err := s.Invalidate(t.Context()); err != nil {
				t.Error(err)
			}
		})
		if len(store.records) != 0 {
			t.Error("a logout left the record")
		}
	})
}

func TestPyramidTimeouts(t *testing.T) {
	for _, c := range []struct {
		format    session.Format
		set, want time.Duration
	}{
		{session.FormatPyramidRedisSessions, 90 * time.Second, 90 * time.Second},
		{session.FormatPyramidRedisSessions, 1500 * time.Millisecond, 2 * time.Second},
		{session.FormatPyramidRedisSessions, time.Nanosecond, time.Second},
		{session.FormatPyramidRedisSessions, -time.Hour, time.Second},
		{session.FormatPyramidRedisSessions, 0, 10 * 365 * 24 * time.Hour}, // Python would delete it at once
		{session.FormatPyramidSessionRedis, 1500 * time.Millisecond, 2 * time.Second},
		{session.FormatPyramidSessionRedis, -time.Hour, time.Second},
		{session.FormatPyramidSessionRedis, 0, 0},
		{session.FormatPyramidSessionRedis, 1<<63 - 1, (1 << 33) * time.Second},
	} {
		store := newMemStore()
		f := newPyramidFactory(t, store, c.format, "pickle", nil)
		v := newVisitor(t, f)
		v.visit(func(s *session.Session) {
			s.Set("a", 1)
			if s.AdjustTimeout(c.set); s.Timeout() != c.want {
				t.Errorf("%s: a timeout of %s is %s, want %s", c.format, c.set, s.Timeout(), c.want)
			}
		})
		v.visit(func(s *session.Session) {
			if s.Timeout() != c.want {
				t.Errorf("%s: a timeout of %s comes back as %s, want %s", c.format, c.set, s.Timeout(), c.want)
			}
		})
		for _, r := range store.records {
			if r.expires.IsZero() != (c.want == 0) || c.want > 0 && r.ttl != c.want {
				t.Errorf("%s: a timeout of %s lives for %s", c.format, c.set, r.ttl)
			}
		}
	}
}

func TestPyramidOptionsThatCannotBe(t *testing.T) {
	both := map[string]func(*session.Options){
		"EncryptionKeys": func(o *session.Options) { o.EncryptionKeys = [][]byte{make([]byte, 32)} },
		"Prefix":         func(o *session.Options) { o.Prefix, o.NewID = "a:", sign.NewID },
		"Codec":          func(o *session.Options) { o.Codec.Encode = pickle.Marshal },
	}
	only := map[session.Format]map[string]func(*session.Options){
		session.FormatPyramidRedisSessions: {
			"IdleTimeout":    func(o *session.Options) { o.IdleTimeout = session.Never },
			"ExpiryInRecord": func(o *session.Options) { o.ExpiryInRecord = true },
			"PythonExpires":  func(o *session.Options) { o.PythonExpires = true },
		},
		session.FormatPyramidSessionRedis: {"ExpiryInRecord": func(o *session.Options) { o.ExpiryInRecord = true }},
		session.FormatNative:              {"PythonExpires": func(o *session.Options) { o.PythonExpires = true }},
		session.Format(9):                 {"Format": func(*session.Options) {}},
	}
	for format, cases := range only {
		for _, wrong := range []map[string]func(*session.Options){cases, both} {
			for option, set := range wrong {
				if format == session.FormatNative && option != "PythonExpires" || format == session.Format(9) && option != "Format" {
					continue
				}
				o := &session.Options{Secret: testSecret, Format: format}
				set(o)
				if _, err := session.NewFactory(newMemStore(), o); err == nil || !strings.Contains(err.Error(), "session: "+option) {
					t.Errorf("%s: with %s the error is %v", format, option, err)
				}
			}
		}
	}
}
