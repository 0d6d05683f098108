package dbsc_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/pyramidgo/redissessions/internal/visitor"
	"github.com/pyramidgo/redissessions/session"
)

const (
	testSecret = "a secret for tests, of more than 32 bytes"
	origin     = "https://example.com"
	boundName  = "session_bound"
)

// site is an application whose sessions are bound.
type site struct {
	t        testing.TB
	store    *memStore
	sessions *session.Factory
	handler  http.Handler
	log      *safeBuffer
}

// safeBuffer may be written by several goroutines.
type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

func newSite(t testing.TB, bind session.Binder, edits ...func(*session.Options)) *site {
	t.Helper()
	return siteOn(t, newMemStore(), bind, edits...)
}

// siteOn returns another server of the same site.
func siteOn(t testing.TB, store *memStore, bind session.Binder, edits ...func(*session.Options)) *site {
	t.Helper()
	s := &site{t: t, store: store, log: &safeBuffer{}}
	o := &session.Options{Secret: testSecret, DeviceBound: bind, IdleTimeout: 24 * time.Hour, Logger: slog.New(slog.NewTextHandler(s.log, nil))}
	for _, edit := range edits {
		edit(o)
	}
	var err error
	if s.sessions, err = session.NewFactory(store, o); err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	page := func(path string, use func(w http.ResponseWriter, r *http.Request, s *session.Session) error) {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			session, err := s.sessions.Get(r)
			if err != nil {
				return
			}
			_ = use(w, r, session) // the Handler answers
		})
	}
	page("/{$}", func(w http.ResponseWriter, _ *http.Request, s *session.Session) error {
		_, err := fmt.Fprint(w, s.User())
		return err
	})
	page("/login", func(_ http.ResponseWriter, r *http.Request, s *session.Session) error {
		return s.Login(r.Context(), "anna")
	})
	page("/renew", func(_ http.ResponseWriter, r *http.Request, s *session.Session) error { return s.Renew(r.Context()) })
	page("/logout", func(_ http.ResponseWriter, r *http.Request, s *session.Session) error {
		return s.Invalidate(r.Context())
	})
	page("/write", func(_ http.ResponseWriter, _ *http.Request, s *session.Session) error {
		session.Modify(s, "n", func(n int) int { return n + 1 })
		return nil
	})
	page("/remember", func(_ http.ResponseWriter, _ *http.Request, s *session.Session) error {
		s.Remember(30 * 24 * time.Hour)
		return nil
	})
	mux.HandleFunc("/logoutunread", func(_ http.ResponseWriter, r *http.Request) { _ = s.sessions.Invalidate(r) })
	s.handler = s.sessions.Handler(mux)
	return s
}

// browser is one that binds sessions, and does each step when it is told to.
type browser struct {
	*visitor.Visitor
	t    testing.TB
	site *site
	key  crypto.Signer
	alg  jose.SignatureAlgorithm

	path      string // of the registration
	challenge string
	known     instructions
}

type instructions struct {
	ID         string `json:"session_identifier"`
	RefreshURL string `json:"refresh_url"`
	Continue   *bool  `json:"continue"`
	Scope      struct {
		IncludeSite   *bool               `json:"include_site"`
		Specification []map[string]string `json:"scope_specification"`
	} `json:"scope"`
	Credentials []struct{ Type, Name, Attributes string } `json:"credentials"`
}

func newBrowser(s *site) *browser {
	return &browser{Visitor: visitor.New(s.t), t: s.t, site: s, key: newKey(s.t), alg: jose.ES256}
}

func newKey(t testing.TB) crypto.Signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// thief is another client with the same cookies, by name and value.
func (b *browser) thief() *browser {
	v := newBrowser(b.site)
	for _, name := range []string{"session", boundName} {
		if value := b.Cookie(name); value != "" {
			v.SetCookie(name, value)
		}
	}
	v.path, v.challenge, v.known = b.path, b.challenge, b.known
	return v
}

func (b *browser) get(path string) *http.Response { return b.Get(b.site.handler, origin+path) }

// user is who is logged in, as a page shows it.
func (b *browser) user() string {
	b.t.Helper()
	resp := b.get("/")
	if resp.StatusCode != http.StatusOK {
		b.t.Fatalf("the page: status %d", resp.StatusCode)
	}
	return body(b.t, resp)
}

func body(t testing.TB, resp *http.Response) string {
	t.Helper()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

var offered = regexp.MustCompile(`^\(ES256 RS256\);path="([^"]+)";challenge="([A-Za-z0-9_-]{22}\.[0-9a-f]{64})"$`)

// login logs in, and takes the offer to register.
func (b *browser) login() *http.Response {
	b.t.Helper()
	resp := b.get("/login")
	if resp.StatusCode != http.StatusOK {
		b.t.Fatalf("login: status %d", resp.StatusCode)
	}
	found := offered.FindStringSubmatch(resp.Header.Get("Secure-Session-Registration"))
	if found == nil {
		b.t.Fatalf("no offer to register: %q", resp.Header["Secure-Session-Registration"])
	}
	b.path, b.challenge = found[1], found[2]
	return resp
}

// proof signs a challenge.
func (b *browser) proof(challenge string, registration bool) string {
	b.t.Helper()
	return b.sign(map[string]any{"jti": challenge}, registration)
}

func (b *browser) sign(claims map[string]any, registration bool) string {
	b.t.Helper()
	o := (&jose.SignerOptions{EmbedJWK: registration}).WithType("dbsc+jwt")
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: b.alg, Key: b.key}, o)
	if err != nil {
		b.t.Fatal(err)
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		b.t.Fatal(err)
	}
	jws, err := signer.Sign(payload)
	if err != nil {
		b.t.Fatal(err)
	}
	text, err := jws.CompactSerialize()
	if err != nil {
		b.t.Fatal(err)
	}
	return text
}

// post sends what a browser sends by itself. A header without a value is left out.
func (b *browser) post(path string, headers ...string) *http.Response {
	r := httptest.NewRequest(http.MethodPost, origin+path, http.NoBody)
	for i := 0; i < len(headers); i += 2 {
		if headers[i+1] != "" {
			r.Header.Add(headers[i], headers[i+1])
		}
	}
	return b.Do(b.site.handler, r)
}

// register answers the offer, and returns the response.
func (b *browser) register() *http.Response {
	b.t.Helper()
	return b.post(b.path, "Secure-Session-Response", b.proof(b.challenge, true))
}

// bound logs in and registers.
func (b *browser) bound() *browser {
	b.t.Helper()
	b.login()
	b.registered()
	return b
}

// registered registers, and keeps what it is told.
func (b *browser) registered() {
	b.t.Helper()
	resp := b.register()
	if resp.StatusCode != http.StatusOK {
		b.t.Fatalf("registration: status %d", resp.StatusCode)
	}
	if err := json.Unmarshal([]byte(body(b.t, resp)), &b.known); err != nil {
		b.t.Fatal(err)
	}
}

// refresh sends a proof, or none when it is "".
func (b *browser) refresh(proof string) *http.Response {
	return b.post(b.known.RefreshURL, "Sec-Secure-Session-Id", `"`+b.known.ID+`"`, "Secure-Session-Response", proof)
}

var challenged = regexp.MustCompile(`^"([A-Za-z0-9_-]{22,})";id="([A-Za-z0-9_-]+)"$`)

// ask gets a challenge by a refresh without a proof.
func (b *browser) ask() string {
	b.t.Helper()
	resp := b.refresh("")
	return b.wantChallenge("a refresh without a proof", resp)
}

// wantChallenge checks that a response is a refusal with a challenge, and returns that.
func (b *browser) wantChallenge(what string, resp *http.Response) string {
	b.t.Helper()
	if resp.StatusCode != http.StatusForbidden || len(resp.Cookies()) > 0 {
		b.t.Fatalf("%s: status %d, %d cookies; a challenge is due", what, resp.StatusCode, len(resp.Cookies()))
	}
	found := challenged.FindStringSubmatch(resp.Header.Get("Secure-Session-Challenge"))
	if found == nil || found[2] != b.known.ID {
		b.t.Fatalf("%s: challenge %q", what, resp.Header["Secure-Session-Challenge"])
	}
	return found[1]
}

// refreshed does a whole refresh.
func (b *browser) refreshed() {
	b.t.Helper()
	b.wantFresh("a refresh", b.refresh(b.proof(b.ask(), false)))
}

func (b *browser) wantFresh(what string, resp *http.Response) {
	b.t.Helper()
	if resp.StatusCode != http.StatusOK || !setsCookie(resp, boundName) {
		b.t.Fatalf("%s: status %d, %s", what, resp.StatusCode, body(b.t, resp))
	}
}

// wantEnded checks that the browser is told to forget the session.
func (b *browser) wantEnded(what string, resp *http.Response) {
	b.t.Helper()
	var got instructions
	text := body(b.t, resp)
	if err := json.Unmarshal([]byte(text), &got); err != nil || resp.StatusCode != http.StatusOK || got.ID != b.known.ID || got.Continue == nil || *got.Continue {
		b.t.Fatalf("%s: status %d, %s", what, resp.StatusCode, text)
	}
	if setsCookie(resp, boundName) {
		b.t.Errorf("%s: it brings a bound cookie", what)
	}
}

// wantUser checks who is logged in.
func (b *browser) wantUser(what, want string) {
	b.t.Helper()
	if got := b.user(); got != want {
		b.t.Errorf("%s: the user is %q, not %q", what, got, want)
	}
}

func setsCookie(resp *http.Response, name string) bool {
	for _, c := range resp.Cookies() {
		if c.Name == name && c.MaxAge >= 0 && c.Value != "" {
			return true
		}
	}
	return false
}

func deletesCookie(resp *http.Response, name string) bool {
	for _, c := range resp.Cookies() {
		if c.Name == name && c.MaxAge < 0 {
			return true
		}
	}
	return false
}

// pass lets time pass in a synctest bubble.
func pass(d time.Duration) { <-time.After(d) }
