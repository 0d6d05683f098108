package boundtest

import (
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pyramidgo/redissessions/session"
	"github.com/pyramidgo/redissessions/session/dbsc"
	"github.com/pyramidgo/redissessions/session/handlertest"
)

// User is who the page /login logs in.
const User = "anna"

// NewKit returns a factory whose sessions are bound, and the clock that Run advances.
func NewKit(t testing.TB) *handlertest.Kit {
	t.Helper()
	return handlertest.New(t, handlertest.WithOptions(session.Options{
		Secret: "a secret for tests, of more than 32 bytes", IdleTimeout: 24 * time.Hour, DeviceBound: dbsc.Options{},
	}))
}

// Run is the life of a bound session: registration, its bound cookie's end, refresh, a proof by
// another key, logout. The site at a URL has the sessions of the kit, and these pages by GET:
//
//	/login   calls Session.Login with User
//	/        shows Session.User
//	/write   sets a key
//	/logout  calls Session.Invalidate
func Run(t *testing.T, kit *handlertest.Kit, url string) {
	t.Helper()
	b := &browser{t: t, url: url, cookies: map[string]string{}}
	b.binds()
	b.shows("after the registration", User)
	kit.Advance(20 * time.Minute)
	b.shows("after the bound cookie's end", "")
	if resp := b.send(http.MethodGet, "/write"); resp.code != http.StatusForbidden || resp.cookies > 0 {
		t.Errorf("a change by a stranger: status %d, %d cookies", resp.code, resp.cookies)
	}

	proof := b.key.Refresh(b.challenged())
	if resp := b.refresh(proof, idHeader, b.id); resp.code != http.StatusBadRequest {
		t.Errorf("a refresh with two identifiers: status %d", resp.code)
	}
	if resp := b.refresh(proof, proofHeader, proof); resp.code != http.StatusBadRequest {
		t.Errorf("a refresh with two proofs: status %d", resp.code)
	}
	if resp := b.refresh(proof); resp.code != http.StatusOK || resp.cookies != 1 || resp.header.Get("Cross-Origin-Resource-Policy") != "same-origin" {
		t.Errorf("a refresh: status %d, %d cookies", resp.code, resp.cookies)
	}
	b.shows("after a refresh", User)
	if resp := b.send(http.MethodGet, "/write"); resp.code != http.StatusOK {
		t.Errorf("a change: status %d", resp.code)
	}
	kit.Down()
	if resp := b.refresh(""); resp.code != http.StatusServiceUnavailable || resp.header.Get("Retry-After") == "" {
		t.Errorf("a refresh while the store is down: status %d", resp.code)
	}
	kit.Up()
	if resp := b.refresh(NewKey(t).Refresh(b.challenged())); resp.code != http.StatusOK || !strings.Contains(resp.text, `"continue":false`) {
		t.Errorf("a proof by another key: status %d, %s", resp.code, resp.text)
	}
	b.shows("after a proof by another key", "")

	b.binds()
	b.shows("after another login", User)
	if b.send(http.MethodGet, "/logout"); len(b.cookies) > 0 {
		t.Errorf("a logout leaves %d cookies", len(b.cookies))
	}
	if resp := b.refresh(""); resp.code != http.StatusOK || !strings.Contains(resp.text, `"continue":false`) {
		t.Errorf("a refresh after the logout: status %d, %s", resp.code, resp.text)
	}
}

const (
	idHeader    = "Sec-Secure-Session-Id"
	proofHeader = "Secure-Session-Response"
)

// answer is a response that has been read.
type answer struct {
	code    int
	header  http.Header
	cookies int // how many it sets
	text    string
}

// browser keeps its cookies by itself: a jar sends none that are Secure to a test's server.
type browser struct {
	t       *testing.T
	url     string
	cookies map[string]string
	key     Key
	id      string // session_identifier
}

// send sends a request with the cookies and pairs of header names and values.
func (b *browser) send(method, path string, header ...string) answer {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), method, b.url+path, http.NoBody)
	if err != nil {
		b.t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	for name, value := range b.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	set := resp.Cookies()
	for _, c := range set {
		if b.cookies[c.Name] = c.Value; c.MaxAge < 0 {
			delete(b.cookies, c.Name)
		}
	}
	return answer{resp.StatusCode, resp.Header, len(set), string(text)}
}

var (
	offer      = regexp.MustCompile(`path="([^"]+)";challenge="([^"]+)"`)
	identifier = regexp.MustCompile(`"session_identifier":"([^"]+)"`)
	challenge  = regexp.MustCompile(`^"([^"]+)";id="([^"]+)"$`)
)

// binds logs in and registers a new key.
func (b *browser) binds() {
	b.t.Helper()
	resp := b.send(http.MethodGet, "/login")
	found := offer.FindStringSubmatch(resp.header.Get("Secure-Session-Registration"))
	if found == nil {
		b.t.Fatalf("the login does not offer to register: %q", resp.header["Secure-Session-Registration"])
	}
	b.key = NewKey(b.t)
	proof := b.key.Registration(found[2])
	if resp := b.send(http.MethodPost, found[1], proofHeader, proof, proofHeader, proof); resp.code != http.StatusBadRequest {
		b.t.Errorf("a registration with two proofs: status %d", resp.code)
	}
	resp = b.send(http.MethodPost, found[1], proofHeader, proof)
	known := identifier.FindStringSubmatch(resp.text)
	if resp.code != http.StatusOK || resp.cookies != 1 || known == nil || resp.header.Get("Content-Type") != "application/json" {
		b.t.Fatalf("the registration: status %d, %d cookies, %s", resp.code, resp.cookies, resp.text)
	}
	b.id = known[1]
}

// refresh sends a proof, or none when it is "".
func (b *browser) refresh(proof string, header ...string) answer {
	b.t.Helper()
	header = append(header, idHeader, b.id)
	if proof != "" {
		header = append(header, proofHeader, proof)
	}
	return b.send(http.MethodPost, "/.session/refresh", header...)
}

// challenged gets a challenge by a refresh without a proof.
func (b *browser) challenged() string {
	b.t.Helper()
	resp := b.refresh("")
	found := challenge.FindStringSubmatch(resp.header.Get("Secure-Session-Challenge"))
	if resp.code != http.StatusForbidden || found == nil || found[2] != b.id {
		b.t.Fatalf("a refresh without a proof: status %d, %q", resp.code, resp.header["Secure-Session-Challenge"])
	}
	return found[1]
}

// shows checks who is logged in.
func (b *browser) shows(when, user string) {
	b.t.Helper()
	if resp := b.send(http.MethodGet, "/"); resp.code != http.StatusOK || resp.text != user {
		b.t.Errorf("%s: status %d, the user is %q, not %q", when, resp.code, resp.text, user)
	}
}
