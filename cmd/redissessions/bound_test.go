package main_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/pyramidgo/redissessions/internal/connecttest"
	"github.com/pyramidgo/redissessions/internal/visitor"
	"github.com/pyramidgo/redissessions/session"
)

var offer = regexp.MustCompile(`path="([^"]+)";challenge="([^"]+)"`)

// newBoundVisitor is a visitor who has logged in with a browser that registers a key.
func (s *site) newBoundVisitor(user string) *visitor.Visitor {
	s.t.Helper()
	v := visitor.New(s.t)
	h := s.f.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		sess, err := session.FromRequest(r)
		if err == nil {
			err = sess.Login(r.Context(), user)
		}
		if err != nil {
			s.t.Error(err)
		}
	}))
	found := offer.FindStringSubmatch(v.Get(h, "/").Header.Get("Secure-Session-Registration"))
	if found == nil {
		s.t.Fatal("the login does not offer to register")
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		s.t.Fatal(err)
	}
	public, err := key.PublicKey.Bytes() // 4, X, Y
	if err != nil {
		s.t.Fatal(err)
	}
	b64 := base64.RawURLEncoding.EncodeToString
	text := b64(fmt.Appendf(nil, `{"alg":"ES256","typ":"dbsc+jwt","jwk":{"kty":"EC","crv":"P-256","x":"%s","y":"%s"}}`, b64(public[1:33]), b64(public[33:]))) +
		"." + b64(fmt.Appendf(nil, `{"jti":"%s"}`, found[2]))
	sum := sha256.Sum256([]byte(text))
	a, b, err := ecdsa.Sign(rand.Reader, key, sum[:])
	if err != nil {
		s.t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodPost, found[1], http.NoBody)
	r.Header.Set("Secure-Session-Response", text+"."+b64(append(a.FillBytes(make([]byte, 32)), b.FillBytes(make([]byte, 32))...)))
	if resp := v.Do(h, r); resp.StatusCode != http.StatusOK {
		s.t.Fatalf("the registration is answered with %d", resp.StatusCode)
	}
	hide(v.Cookie("session"))
	return v
}

// TestBound: ls and show say which sessions are bound to their browser.
func TestBound(t *testing.T) {
	srv := connecttest.RedisServer(t)
	s := newSite(t, map[string]string{"url": srv.URL(), "user_sessions": "true", "device_bound": "on"})
	s.newVisitor("bob")
	s.newBoundVisitor("alice")
	for user, bound := range map[string]bool{"alice": true, "bob": false} {
		column, row, object := "-      ", "bound to a browser   no", `"kind":"session"`
		if bound {
			column, row, object = "yes    ", "bound to a browser   yes", `"bound":true`
		}
		of := s.handles("--user", user)
		if len(of) != 1 {
			t.Fatalf("%s has %v", user, of)
		}
		run(t, "", "ls", "-s", s.file, "--user", user).wants(t, 0, "BOUND", column+of[0])
		r := run(t, "", "ls", "-s", s.file, "--user", user, "--json")
		if r.wants(t, 0, object); strings.Contains(r.out, `"bound"`) != bound {
			t.Errorf("%s: %s", user, r.out)
		}
		run(t, "", "show", "-s", s.file, of[0]).wants(t, 0, row)
		run(t, "", "show", "-s", s.file, of[0], "--json").wants(t, 0, object)
	}
	// Where the setting is off, sessions open by their cookie alone.
	off := settingsFile(t, map[string]string{"url": srv.URL(), "user_sessions": "true"})
	if r := run(t, "", "ls", "-s", off, "--json"); r.status != 0 || strings.Contains(r.out, `"bound"`) || strings.Count(r.out, "\n") != 2 {
		t.Errorf("with device_bound = off: %s", r.out)
	}
}
