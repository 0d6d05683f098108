package session_test

import (
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/pyramidgo/redissessions/session"
)

// FuzzCookieHeader sends any header: no panic, at most eight commands, no
// new key, and no session but by its own cookie.
func FuzzCookieHeader(f *testing.F) {
	store := newMemStore()
	factory := newTestFactory(f, store, discardLog)
	known := httptest.NewRecorder()
	r := httptest.NewRequest("GET", "/", nil)
	s, err := factory.Get(r)
	if err != nil {
		f.Fatal(err)
	}
	s.Set("name", "Ada")
	if err := factory.Save(known, r, s); err != nil {
		f.Fatal(err)
	}
	value := known.Result().Cookies()[0].Value
	unknown, err := session.SignerOf(factory).Sign("nobody's")
	if err != nil {
		f.Fatal(err)
	}
	for _, header := range []string{"", "session=KNOWN", "session=\"KNOWN\"", "session=UNKNOWN; session=KNOWN", "a=b; session=; session=x\nsession=KNOWN", strings.Repeat("session=UNKNOWN;", 20)} {
		f.Add(header)
	}
	// The fuzzer cannot sign: these words stand for cookies that are.
	signed := strings.NewReplacer("UNKNOWN", unknown, "KNOWN", value)
	f.Fuzz(func(t *testing.T, header string) {
		text := signed.Replace(header)
		store.takeCalls()
		r := httptest.NewRequest("GET", "/", nil)
		r.Header["Cookie"] = slices.Collect(strings.SplitSeq(text, "\n"))
		s, err := factory.Get(r)
		if err != nil {
			t.Fatal(err)
		}
		if s.Has("name") && !strings.Contains(text, value) {
			t.Error("Ada's session without her cookie")
		}
		if calls := store.takeCalls(); len(calls) > 8 || len(store.records) != 1 {
			t.Errorf("%d commands, %d records", len(calls), len(store.records))
		}
	})
}
