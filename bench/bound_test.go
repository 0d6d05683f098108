package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/pyramidgo/redissessions/connect"
	"github.com/pyramidgo/redissessions/connect/goredis"
	"github.com/pyramidgo/redissessions/internal/connecttest"
	"github.com/pyramidgo/redissessions/session"
	"github.com/pyramidgo/redissessions/session/dbsc"
)

// ahead is a store whose clock can be put ahead, to where the time after a registration in
// which the session's cookie suffices is over.
type ahead struct {
	session.Store
	by time.Duration
}

func (a *ahead) Now() time.Time { return time.Now().Add(a.by) }

func (a *ahead) Pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// boundVisitor is logged in at a page that reads and at one that writes the session.
type boundVisitor struct {
	tb      testing.TB
	handler http.Handler
	cookies []*http.Cookie
}

// newBoundVisitor logs in, and registers as a browser does where sessions are bound.
func newBoundVisitor(tb testing.TB, addr string, bind session.Binder) *boundVisitor {
	tb.Helper()
	store, err := goredis.Connect(tb.Context(), connect.Options{URL: "redis://" + addr})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { store.Close() })
	clock := &ahead{Store: store}
	f, err := session.NewFactory(clock, &session.Options{
		Secret: rand.Text() + rand.Text(), DeviceBound: bind, IdleTimeout: 24 * time.Hour, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		tb.Fatal(err)
	}
	v := &boundVisitor{tb: tb}
	v.handler = f.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		s, err := f.Get(r)
		switch {
		case err != nil:
			tb.Error(err)
		case r.URL.Path == "/login":
			_ = s.Login(r.Context(), "anna") // a failure is answered by the Handler
		case s.User() != "anna":
			tb.Error("the session does not open")
		case r.URL.Path == "/write":
			session.Modify(s, "n", func(n int) int { return n + 1 })
		}
	}))
	offer := v.send(http.MethodGet, "/login", "").Get("Secure-Session-Registration")
	if bind != nil {
		_, challenge, _ := strings.Cut(offer, `challenge="`)
		v.send(http.MethodPost, dbsc.DefaultPath+"/register", registration(tb, strings.TrimSuffix(challenge, `"`)))
		clock.by = 3 * time.Hour
	}
	return v
}

// send sends a request with the cookies so far, and a proof if there is one.
func (v *boundVisitor) send(method, path, proof string) http.Header {
	v.tb.Helper()
	r := httptest.NewRequest(method, "https://example.com"+path, http.NoBody)
	for _, c := range v.cookies {
		r.AddCookie(c)
	}
	if proof != "" {
		r.Header.Set("Secure-Session-Response", proof)
	}
	w := httptest.NewRecorder()
	v.handler.ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		v.tb.Fatalf("%s: status %d, %s", path, w.Code, w.Body)
	}
	v.cookies = append(v.cookies, w.Result().Cookies()...)
	return w.Header()
}

// registration is a proof of a new key.
func registration(tb testing.TB, challenge string) string {
	tb.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	point, err := key.PublicKey.Bytes()
	if err != nil {
		tb.Fatal(err)
	}
	b64 := base64.RawURLEncoding.EncodeToString
	text := b64(fmt.Appendf(nil, `{"alg":"ES256","typ":"dbsc+jwt","jwk":{"kty":"EC","crv":"P-256","x":"%s","y":"%s"}}`, b64(point[1:33]), b64(point[33:]))) +
		"." + b64(fmt.Appendf(nil, `{"jti":"%s"}`, challenge))
	sum := sha256.Sum256([]byte(text))
	r, s, err := ecdsa.Sign(rand.Reader, key, sum[:])
	if err != nil {
		tb.Fatal(err)
	}
	return text + "." + b64(append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...))
}

// TestBoundTrips: a request of a bound session takes the round trips of any other.
func TestBoundTrips(t *testing.T) {
	for name, bind := range map[string]session.Binder{"bound": dbsc.Options{Refresh: 24 * time.Hour}, "not bound": nil} {
		proxy := connecttest.Proxy(t, connecttest.RedisServer(t).Addr())
		v := newBoundVisitor(t, proxy.Addr(), bind)
		v.send(http.MethodGet, "/write", "") // the first may cost more
		for path, want := range map[string]int{"/": 1, "/write": 2} {
			proxy.Reset()
			v.send(http.MethodGet, path, "")
			if got := proxy.RoundTrips(); got != want {
				t.Errorf("%s, %s: %d round trips, not %d", name, path, got, want)
			}
		}
	}
}

// BenchmarkBound is a whole request that reads its session from Redis. The difference is what
// a binding costs an ordinary request.
func BenchmarkBound(b *testing.B) {
	addr := connecttest.RedisServer(b).Addr()
	for name, bind := range map[string]session.Binder{"bound": dbsc.Options{Refresh: 24 * time.Hour}, "notbound": nil} {
		b.Run(name, func(b *testing.B) {
			v := newBoundVisitor(b, addr, bind)
			r := httptest.NewRequest(http.MethodGet, "https://example.com/", http.NoBody)
			for _, c := range v.cookies {
				r.AddCookie(c)
			}
			b.ReportAllocs()
			for b.Loop() {
				v.handler.ServeHTTP(httptest.NewRecorder(), r)
			}
		})
	}
}
