package session_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/pyramidgo/redissessions/session"
	"github.com/pyramidgo/redissessions/session/internal/pyramidpeer"
)

type signedCookie struct {
	Name, Secret, Cookie, Why string
	SessionID                 string `json:"session_id"`
	Protocol                  int    `json:"pickle_protocol"`
	HighestProtocol           int    `json:"highest_protocol"`
}

type cookieFile struct {
	Original, Fork  []signedCookie
	ByPythonVersion []signedCookie            `json:"original_by_python_version"`
	MustRefuse      map[string][]signedCookie `json:"must_refuse"`
	// Python accepts these: two spellings of one cookie. Nobody sends them but
	// who tries something, and we do not take them.
	Malformed        map[string][]signedCookie `json:"accepted_by_python_though_malformed"`
	SetCookieHeaders []setCookieVector         `json:"set_cookie_headers"`
	HeaderParsing    []struct {
		Header string  `json:"cookie_header"`
		WebOb  *string `json:"webob_value"`
	} `json:"cookie_header_parsing"`
}

func signerOf(f session.Format, secret string, previous ...string) session.RotatingSigner {
	return session.NewSigner(f, "session", secret, previous).(session.RotatingSigner)
}

func TestPyramidCookies(t *testing.T) {
	var file cookieFile
	readVectors(t, "cookies.json", &file)
	python := pyramidpeer.Start(t)
	all := map[string][]signedCookie{"original": append(file.Original, file.ByPythonVersion...), "fork": file.Fork}
	for layout, cookies := range all {
		for _, c := range cookies {
			s := signerOf(packages[layout], c.Secret)
			if id, err := s.Verify(c.Cookie); id != c.SessionID || err != nil {
				t.Errorf("%s: %s: verified as %q, %v", layout, c.Name, id, err)
			}
			written, err := s.Sign(c.SessionID)
			if err != nil {
				t.Fatal(err)
			}
			// The original pickles as its Python does; ours is protocol 2.
			if (layout == "fork" || c.Protocol == 2) && written != c.Cookie {
				t.Errorf("%s: %s: signed as\n%s, want\n%s", layout, c.Name, written, c.Cookie)
			}
			a := python.Ask(t, "verify", pyramidpeer.Question{"layout": layout, "secret": c.Secret, "cookie": written})
			if a.ID != c.SessionID {
				t.Errorf("%s: %s: Python verifies ours as %q", layout, c.Name, a.ID)
			}
			if id, old, err := signerOf(packages[layout], "new", c.Secret).VerifyRotated(c.Cookie); id != c.SessionID || !old || err != nil {
				t.Errorf("%s: %s: with a previous secret: %q, old %v, %v", layout, c.Name, id, old, err)
			}
			if id, err := signerOf(packages[layout], c.Secret+"x").Verify(c.Cookie); err == nil {
				t.Errorf("%s: %s: another secret verifies it as %q", layout, c.Name, id)
			}
		}
	}
}

func TestPyramidCookiesRefused(t *testing.T) {
	var file cookieFile
	readVectors(t, "cookies.json", &file)
	for layout, f := range packages {
		refused := slices.Concat(file.MustRefuse[layout], file.Malformed[layout])
		if len(refused) < 20 {
			t.Fatalf("%s: %d vectors", layout, len(refused))
		}
		for _, c := range refused {
			if id, err := signerOf(f, c.Secret).Verify(c.Cookie); err == nil {
				t.Errorf("%s: %s was accepted as %q, though: %s", layout, c.Name, id, c.Why)
			}
		}
	}
	var hostile struct {
		Malicious []struct {
			Name, Secret string
			Cookie       string `json:"original_cookie"`
		}
	}
	readVectors(t, "malicious.json", &hostile)
	for _, c := range hostile.Malicious {
		if id, err := signerOf(session.FormatPyramidRedisSessions, c.Secret).Verify(c.Cookie); err == nil {
			t.Errorf("%s, correctly signed, was accepted as %q", c.Name, id)
		}
	}
}

// A changed byte is never accepted, and no other spelling of the same.
func TestPyramidCookiesChangedAnywhere(t *testing.T) {
	for _, f := range packages {
		s := signerOf(f, testSecret)
		cookie, err := s.Sign("an ID of some length")
		if err != nil {
			t.Fatal(err)
		}
		for i := range cookie {
			for c := range byte(128) {
				changed := []byte(cookie)
				if changed[i] = c; c == cookie[i] {
					continue
				}
				if id, err := s.Verify(string(changed)); err == nil {
					t.Fatalf("%s: with %q at %d accepted as %q", f, c, i, id)
				}
			}
		}
		if _, err := s.Sign("\xff"); f == session.FormatPyramidRedisSessions && err == nil {
			t.Error("an ID that Python cannot hold was signed")
		}
	}
}

// headersApart are the Cookie headers that Go and WebOb read differently, and
// what Go makes of them. No browser sends them.
var headersApart = map[string]string{
	"session = spaced": " spaced",
	`session="a\054b"`: "",
	"session=a b":      "a b",
	"session=a,b":      "a,b",
}

func TestPyramidCookieHeaders(t *testing.T) {
	var file cookieFile
	readVectors(t, "cookies.json", &file)
	for _, f := range packages {
		factory := newPyramidFactory(t, newMemStore(), f, "pickle", nil)
		for _, h := range file.HeaderParsing {
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.Header.Set("Cookie", h.Header)
			id := session.FirstCandidate(factory, r)
			want := ""
			if h.WebOb != nil {
				want = *h.WebOb
			}
			if apart, ok := headersApart[h.Header]; ok {
				want = apart
			}
			if id != want {
				t.Errorf("%s: %q is read as %q, want %q", f, h.Header, id, want)
			}
		}
	}
}
