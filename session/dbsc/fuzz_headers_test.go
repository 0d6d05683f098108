package dbsc_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/pyramidgo/redissessions/session/dbsc"
)

// send sends a POST with headers as a fuzzer has made them, each line a header of its own.
func send(s *site, path string, headers map[string]string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, origin+path, http.NoBody)
	for name, value := range headers {
		if value != "" {
			r.Header[name] = slices.Collect(strings.SplitSeq(value, "\n"))
		}
	}
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	return w
}

// FuzzRegistration sends any headers to the registration: no panic, few commands, and no
// bound cookie but by a good proof and the session's cookie. The words GOOD, KNOWN and OTHER
// stand for what the fuzzer cannot sign.
func FuzzRegistration(f *testing.F) {
	s := newSite(f, dbsc.Options{})
	b, other := newBrowser(s), newBrowser(s)
	b.login()
	other.login()
	good := b.proof(b.challenge, true)
	words := strings.NewReplacer("GOOD", good, "KNOWN", b.Cookie("session"), "OTHER", other.proof(b.challenge, false), "CHALLENGE", b.challenge)
	parts := strings.Split(good, ".")
	for _, response := range []string{
		"", "GOOD", `"GOOD"`, "GOOD, GOOD", "GOOD\nGOOD", `"GOOD";a="b"`, "GOOD;a", "OTHER", `"\""`, ":GOOD:", "..",
		parts[0] + "." + parts[1] + ".", parts[0] + ".e30." + parts[2],
	} {
		f.Add(response, "session=KNOWN; a=b")
	}
	f.Fuzz(func(t *testing.T, response, cookies string) {
		before := s.store.calls.Load()
		w := send(s, "/.session/register", map[string]string{"Secure-Session-Response": words.Replace(response), "Cookie": words.Replace(cookies)})
		signed := strings.Contains(words.Replace(response), good) && strings.Contains(words.Replace(cookies), b.Cookie("session"))
		switch {
		case w.Code == http.StatusOK && signed: // the one time
		case w.Code < 400 || w.Code >= 500 || len(w.Header()["Set-Cookie"]) > 0:
			t.Errorf("status %d, Set-Cookie %q", w.Code, w.Header()["Set-Cookie"])
		}
		if n := s.store.calls.Load() - before; n > 8+1 || s.store.count() != 2 {
			t.Errorf("%d commands, %d records", n, s.store.count())
		}
	})
}

// FuzzRefresh sends any headers to the refresh: no panic, few commands, no bound cookie but
// by a good proof and the session's cookie, and no end of the session.
func FuzzRefresh(f *testing.F) {
	s := newSite(f, dbsc.Options{})
	b := newBrowser(s).bound()
	good := b.proof(b.ask(), false)
	words := strings.NewReplacer("GOOD", good, "KNOWN", b.Cookie("session"), "BOUND", b.Cookie(boundName), "ID", b.known.ID)
	for _, c := range [][3]string{
		{"ID", "GOOD", "session=KNOWN"}, {`"ID"`, `"GOOD"`, "session=KNOWN; session_bound=BOUND"}, {"ID", "", "session=KNOWN"},
		{"ID", "GOOD", ""}, {"ID\nID", "GOOD", "session=KNOWN"}, {"ID, ID", "", "session=KNOWN"}, {"", "GOOD", "session=KNOWN"},
		{`"ID";a="b"`, "GOOD\nGOOD", "session=BOUND; session=KNOWN"}, {"x", "GOOD", "session=KNOWN\nsession=KNOWN"},
	} {
		f.Add(c[0], c[1], c[2])
	}
	f.Fuzz(func(t *testing.T, id, response, cookies string) {
		before := s.store.calls.Load()
		w := send(s, "/.session/refresh", map[string]string{
			"Sec-Secure-Session-Id": words.Replace(id), "Secure-Session-Response": words.Replace(response), "Cookie": words.Replace(cookies),
		})
		signed := strings.Contains(words.Replace(response), good) && strings.Contains(words.Replace(cookies), b.Cookie("session"))
		if len(w.Header()["Set-Cookie"]) > 0 && !signed || w.Code != http.StatusOK && (w.Code < 400 || w.Code >= 500) {
			t.Errorf("status %d, Set-Cookie %q", w.Code, w.Header()["Set-Cookie"])
		}
		if n := s.store.calls.Load() - before; n > 8+1 || s.store.count() != 1 {
			t.Errorf("%d commands, %d records", n, s.store.count())
		}
	})
}

// FuzzBoundCookie sends any cookies: no panic, at most eight commands, and the session only
// with both of its cookies.
func FuzzBoundCookie(f *testing.F) {
	s := newSite(f, dbsc.Options{}, discardLog)
	b := newBrowser(s).bound()
	b.forgetRegistration()
	words := strings.NewReplacer("KNOWN", b.Cookie("session"), "GOOD", b.Cookie(boundName))
	for _, cookies := range []string{"", "session=KNOWN", "session=KNOWN; session_bound=GOOD", "session_bound=GOOD;session=KNOWN", "session=KNOWN\nsession_bound=\"GOOD\"", "session=GOOD; session_bound=KNOWN", strings.Repeat("session_bound=x;", 20) + "session=KNOWN"} {
		f.Add(cookies)
	}
	f.Fuzz(func(t *testing.T, cookies string) {
		text := words.Replace(cookies)
		before := s.store.calls.Load()
		r := httptest.NewRequest(http.MethodGet, origin+"/", http.NoBody)
		r.Header["Cookie"] = slices.Collect(strings.SplitSeq(text, "\n"))
		w := httptest.NewRecorder()
		s.handler.ServeHTTP(w, r)
		if w.Body.Len() > 0 && (!strings.Contains(text, b.Cookie("session")) || !strings.Contains(text, boundName+"="+b.Cookie(boundName))) {
			t.Error("Anna's session without her cookies")
		}
		if n := s.store.calls.Load() - before; n > 8 || s.store.count() != 1 || len(w.Header()["Set-Cookie"]) > 0 {
			t.Errorf("%d commands, %d records, Set-Cookie %q", n, s.store.count(), w.Header()["Set-Cookie"])
		}
	})
}
