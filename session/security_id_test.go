package session_test

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/pyramidgo/redissessions/session"
)

// TestIDsHave256Bits decodes what was made, in each format: 32 bytes at least,
// and never the same.
func TestIDsHave256Bits(t *testing.T) {
	unbase64 := base64.RawURLEncoding.DecodeString
	for format, c := range map[session.Format]struct {
		id          func(string) ([]byte, error)
		bytes       int
		tokenDigits int
	}{
		session.FormatNative:               {unbase64, 32, 64},
		session.FormatPyramidRedisSessions: {hex.DecodeString, 32, 40}, // the token is as Pyramid's: 160 bits
		session.FormatPyramidSessionRedis:  {unbase64, 48, 64},
	} {
		f := newTestFactory(t, newMemStore(), func(o *session.Options) { o.Format = format })
		seen := map[string]bool{}
		for range 1000 {
			id, err := session.OptionsOf(f).NewID()
			if err != nil {
				t.Fatal(err)
			}
			if b, err := c.id(id); err != nil || len(b) != c.bytes || seen[id] {
				t.Fatalf("%s: an ID of %d bytes, seen before: %v, %v", format, len(b), seen[id], err)
			}
			token, err := session.NewToken(f)
			if err != nil {
				t.Fatal(err)
			}
			if len(token) != c.tokenDigits || seen[token] {
				t.Fatalf("%s: a token of %d digits, seen before: %v", format, len(token), seen[token])
			}
			seen[id], seen[token] = true, true
		}
	}
}

// TestFailingRandomnessFailsTheRequest: a predictable ID would be worse than
// none.
func TestFailingRandomnessFailsTheRequest(t *testing.T) {
	f := newTestFactory(t, newMemStore(), discardLog)
	v := newVisitor(t, f)
	v.visit(func(s *session.Session) { s.Set("k", "v") })
	broken := errors.New("no entropy")
	was := rand.Reader
	rand.Reader = iotest.ErrReader(broken)
	defer func() { rand.Reader = was }()

	resp := newVisitor(t, f).serve(func(_ http.ResponseWriter, r *http.Request) {
		s, err := f.Get(r)
		if err != nil {
			t.Error(err)
			return
		}
		s.Set("k", "v")
		if _, err := s.CSRFToken(r.Context()); !errors.Is(err, broken) {
			t.Errorf("CSRFToken: %v", err)
		}
	})
	if resp.StatusCode != http.StatusInternalServerError || len(resp.Cookies()) > 0 {
		t.Errorf("a new session: status %d, %d cookies", resp.StatusCode, len(resp.Cookies()))
	}
	resp = v.serve(func(_ http.ResponseWriter, r *http.Request) {
		s, err := f.Get(r)
		if err != nil {
			t.Error(err)
			return
		}
		before := s.ID()
		if err := s.Renew(t.Context()); !errors.Is(err, broken) || s.ID() != before {
			t.Errorf("Renew: %v", err)
		}
		defer func() {
			if recover() == nil {
				t.Error("NewCSRFToken made a token of nothing")
			}
		}()
		s.NewCSRFToken()
	})
	if resp.StatusCode != http.StatusInternalServerError || len(resp.Cookies()) > 0 {
		t.Errorf("a failed renewal: status %d, %d cookies", resp.StatusCode, len(resp.Cookies()))
	}
}

// TestUnknownIDIsNeverAdopted sends IDs that a visitor should not have: the
// session is a new one under an ID of its own, and no key is made for the old.
func TestUnknownIDIsNeverAdopted(t *testing.T) {
	store := newMemStore()
	f := newTestFactory(t, store, nil)
	ended := newVisitor(t, f)
	ended.visit(func(s *session.Session) { s.Set("k", "v") })
	logOut := ended.request()
	if err := f.Invalidate(ended.request()); err != nil {
		t.Fatal(err)
	}
	store.takeCalls()
	const chosen = "an ID that somebody has chosen"
	signed, err := session.SignerOf(f).Sign(chosen)
	if err != nil {
		t.Fatal(err)
	}
	for name, cookie := range map[string]string{
		"unknown but signed": "session=" + signed,
		"not signed":         "session=" + chosen,
		"forged":             "session=" + base64.RawURLEncoding.EncodeToString([]byte(strings.Repeat("x", 64)+chosen)),
		"invalidated":        logOut.Header.Get("Cookie"),
		"a Redis key":        "session=" + session.FormatOf(f).Address(chosen).Key,
	} {
		t.Run(name, func(t *testing.T) {
			old := session.FormatOf(f).Address(chosen).Key
			resp := rawVisit(t, f, testURL, []string{cookie}, func(s *session.Session) {
				if !s.IsNew() || s.ID() != "" {
					t.Error("the session is not new")
				}
			})
			if len(resp.Cookies()) > 0 || len(store.records) > 0 {
				t.Errorf("reading: %d cookies, %d records", len(resp.Cookies()), len(store.records))
			}
			var id string
			resp = rawVisit(t, f, testURL, []string{cookie}, func(s *session.Session) {
				s.Set("k", "v")
				if _, err := s.CSRFToken(t.Context()); err != nil {
					t.Error(err)
				}
				id = s.ID()
			})
			if _, made := store.records[old]; made || len(store.records) != 1 || id == chosen || id == "" {
				t.Errorf("%d records, under the old ID: %v", len(store.records), made)
			}
			if c := resp.Cookies(); len(c) != 1 || strings.Contains(cookie, c[0].Value) {
				t.Errorf("cookies %v", c)
			}
			clear(store.records)
		})
	}
}

// TestReadersWithoutACookieLeaveNoKey: a flood of them costs Redis nothing.
func TestReadersWithoutACookieLeaveNoKey(t *testing.T) {
	store := newMemStore()
	f := newTestFactory(t, store, nil)
	for range 10_000 {
		resp := rawVisit(t, f, testURL, nil, func(s *session.Session) {
			s.Get("name")
			s.Keys()
			s.PopFlash("")
			s.PeekFlash("")
			s.Pop("nothing")
			s.Delete("nothing")
			s.Clear()
			s.Modify("nothing", func(old any) any { return old })
		})
		if len(resp.Cookies()) > 0 {
			t.Fatal("a cookie for a visitor who only reads")
		}
	}
	if calls := store.takeCalls(); len(calls) > 0 || len(store.records) > 0 {
		t.Errorf("%d commands, %d records", len(calls), len(store.records))
	}
}

// TestDatabaseDoesNotLetAnybodyIn searches all that is stored for anything of
// the cookie's, and tries what is stored as a cookie.
func TestDatabaseDoesNotLetAnybodyIn(t *testing.T) {
	store := newMemStore()
	f := newTestFactory(t, store, nil)
	v := newVisitor(t, f)
	var ids, cookies []string
	note := func(s *session.Session) { ids = append(ids, s.ID()) }
	v.visit(func(s *session.Session) {
		s.Set("name", "Ada")
		if _, err := s.CSRFToken(t.Context()); err != nil {
			t.Error(err)
		}
		note(s)
	})
	cookies = append(cookies, v.request().Cookies()[0].Value)
	v.visit(func(s *session.Session) {
		if err := s.Renew(t.Context()); err != nil { // leaves a marker
			t.Error(err)
		}
		note(s)
	})
	cookies = append(cookies, v.request().Cookies()[0].Value)

	var stored []string
	for key, record := range store.records {
		stored = append(stored, key, string(record.data))
	}
	if len(stored) != 4 {
		t.Fatalf("%d records, want the session and the marker", len(stored)/2)
	}
	everything := strings.Join(stored, "\n")
	for _, id := range ids {
		raw, err := base64.RawURLEncoding.DecodeString(id)
		if err != nil {
			t.Fatal(err)
		}
		half := sha256.Sum256([]byte(id))
		for name, secret := range map[string]string{"the ID": id, "its bytes": string(raw), "the ID in hex": hex.EncodeToString(raw), "part of the ID": id[:16]} {
			if strings.Contains(everything, secret) {
				t.Errorf("%s is in the database", name)
			}
		}
		if !strings.Contains(everything, hex.EncodeToString(half[:])) {
			t.Error("the search does not even find the hash: it looks in the wrong place")
		}
	}
	for _, cookie := range cookies {
		if strings.Contains(everything, cookie) || strings.Contains(everything, cookie[:40]) {
			t.Error("the cookie is in the database")
		}
	}
	for _, text := range append(stored, strings.TrimPrefix(stored[0], session.DefaultPrefix), strings.TrimPrefix(stored[2], session.DefaultPrefix)) {
		r := v.request()
		r.Header.Set("Cookie", "session="+text)
		if s, err := f.Get(r); err != nil || !s.IsNew() || s.Len() > 0 {
			t.Errorf("what is stored is a cookie: %v", err)
		}
	}
}
