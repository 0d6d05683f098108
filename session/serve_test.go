package session_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/pyramidgo/redissessions/session"
	"github.com/pyramidgo/redissessions/session/dbsc"
)

// serve makes a request that next answers under Factory.Serve, and returns the header and
// the answer in place of the application's.
func serve(t *testing.T, f *session.Factory, cookie string, next func(ctx context.Context, h http.Header)) (http.Header, *session.Answer) {
	t.Helper()
	in := incoming(t, http.MethodGet, "/", cookie)
	in.Next = func(ctx context.Context) { next(ctx, in.Header) }
	return in.Header, f.Serve(t.Context(), in)
}

// incoming is a request on a server without net/http. Its Request fails the test.
func incoming(t *testing.T, method, path, cookie string) *session.Incoming {
	in := &session.Incoming{Method: method, Path: path, TLS: true, Header: http.Header{}}
	if cookie != "" {
		in.Cookies = []string{cookie}
	}
	in.Request = func() *http.Request {
		t.Errorf("%s %s: a http.Request was asked for", method, path)
		return httptest.NewRequest(method, path, http.NoBody)
	}
	return in
}

// pair returns the name and value of the one cookie in a response's header.
func pair(t *testing.T, h http.Header) string {
	t.Helper()
	if len(h["Set-Cookie"]) != 1 {
		t.Fatalf("cookies %v, want one", h["Set-Cookie"])
	}
	cookie, _, _ := strings.Cut(h.Get("Set-Cookie"), ";")
	return cookie
}

// A request without net/http opens its session by the Cookie lines, and its response gets
// header lines, as under Handler.
func TestServe(t *testing.T) {
	store := newMemStore()
	f := newTestFactory(t, store, nil)
	h, answer := serve(t, f, "", func(ctx context.Context, h http.Header) {
		h.Set("Vary", "Accept")
		contextSession(ctx, t).Set("n", 1)
	})
	if answer != nil || strings.Join(h["Vary"], ", ") != "Accept, Cookie" || h.Get("Cache-Control") != "no-store" || !strings.Contains(h.Get("Set-Cookie"), "Secure") {
		t.Errorf("answer %v, header %v", answer, h)
	}
	cookie := pair(t, h)
	h, answer = serve(t, f, "other=1; "+cookie, func(ctx context.Context, _ http.Header) {
		if n, _ := session.Value[int](contextSession(ctx, t), "n"); n != 1 {
			t.Errorf("n is %d", n)
		}
	})
	if answer != nil || len(h["Set-Cookie"]) != 0 || h.Get("Vary") != "Cookie" {
		t.Errorf("answer %v, header %v", answer, h)
	}
	h, _ = serve(t, f, cookie, func(context.Context, http.Header) {})
	if len(h) != 0 {
		t.Errorf("a request that does not ask for its session: header %v", h)
	}
	// The same cookie under net/http.
	r := httptest.NewRequest(http.MethodGet, testURL, nil)
	r.Header.Set("Cookie", cookie)
	visitorWith(t, f, r).visit(func(s *session.Session) {
		if n, _ := session.Value[int](s, "n"); n != 1 {
			t.Errorf("under Handler n is %d", n)
		}
	})
}

func contextSession(ctx context.Context, t *testing.T) *session.Session {
	t.Helper()
	s, err := session.FromContext(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// When the load or the save fails, Serve returns the error handler's answer, and nothing of
// the page's header stays.
func TestServeFailed(t *testing.T) {
	store := newMemStore()
	f := newTestFactory(t, store, discardLog)
	h, _ := serve(t, f, "", func(ctx context.Context, _ http.Header) { contextSession(ctx, t).Set("n", 1) })
	cookie := pair(t, h)
	for name, use := range map[string]func(ctx context.Context){
		"load": func(ctx context.Context) {
			store.err = session.ErrUnavailable
			if _, err := session.FromContext(ctx); !errors.Is(err, session.ErrUnavailable) {
				t.Errorf("got %v", err)
			}
		},
		"save": func(ctx context.Context) {
			contextSession(ctx, t).Set("n", 2)
			store.err = session.ErrUnavailable
		},
	} {
		h, answer := serve(t, f, cookie, func(ctx context.Context, h http.Header) {
			h.Set("Etag", `"page"`)
			use(ctx)
		})
		store.err = nil
		if answer == nil || answer.Code != http.StatusServiceUnavailable || string(answer.Body) != "Service Unavailable\n" {
			t.Fatalf("%s: answer %+v", name, answer)
		}
		if h.Get("Etag") != "" || h.Get("Retry-After") != "5" || h.Get("Content-Type") != "text/plain; charset=utf-8" || len(h["Set-Cookie"]) != 0 {
			t.Errorf("%s: header %v", name, h)
		}
	}
}

// A hook that gets a http.Request gets the whole one, once for each request of the server.
func TestServeMakesARequestForHooks(t *testing.T) {
	for name, hook := range map[string]func(o *session.Options, saw func(r *http.Request)){
		"Passive": func(o *session.Options, saw func(r *http.Request)) {
			o.Passive = func(r *http.Request) bool { saw(r); return false }
		},
		"OnInvalid": func(o *session.Options, saw func(r *http.Request)) {
			o.OnInvalid = func(r *http.Request, _ error) { saw(r) }
		},
		"StoreFor": func(o *session.Options, saw func(r *http.Request)) {
			store := newMemStore()
			o.StoreFor = func(r *http.Request) (session.Store, error) { saw(r); return store, nil }
		},
		"Observer": func(o *session.Options, saw func(r *http.Request)) {
			o.Observer = observerFunc(func(_ context.Context, e *session.Event) { saw(e.Request()) })
		},
		"ErrorHandler": func(o *session.Options, saw func(r *http.Request)) {
			o.NewID = func() (string, error) { return "", errors.New("no randomness") }
			o.ErrorHandler = func(w http.ResponseWriter, r *http.Request, _ error) { saw(r); w.WriteHeader(http.StatusTeapot) }
		},
	} {
		t.Run(name, func(t *testing.T) {
			seen, made := 0, 0
			f := newTestFactory(t, newMemStore(), func(o *session.Options) {
				discardLog(o)
				hook(o, func(r *http.Request) {
					seen++
					if r.Header.Get("X-Own") != "1" || r.Pattern != "" && r.Pattern != "/route" {
						t.Errorf("the hook saw %v %s", r.Header, r.Pattern)
					}
				})
			})
			in := incoming(t, http.MethodGet, "/", "session=forged")
			in.Request = func() *http.Request {
				made++
				r := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
				r.Header.Set("X-Own", "1")
				return r
			}
			in.Next = func(ctx context.Context) {
				contextSession(ctx, t).Set("n", 1)
				in.Route = "/route"
			}
			answer := f.Serve(t.Context(), in)
			if seen == 0 || made != 1 {
				t.Errorf("the hook was called %d times, a request made %d times", seen, made)
			}
			if failed := name == "ErrorHandler"; failed != (answer != nil) || failed && answer.Code != http.StatusTeapot {
				t.Errorf("answer %+v", answer)
			}
		})
	}
}

type observerFunc func(ctx context.Context, e *session.Event)

func (f observerFunc) Observe(ctx context.Context, e *session.Event) { f(ctx, e) }

// A panic goes on; the cookie of a session that was renewed before is in the header then.
func TestServePanics(t *testing.T) {
	f := newTestFactory(t, newMemStore(), nil)
	h, _ := serve(t, f, "", func(ctx context.Context, _ http.Header) { contextSession(ctx, t).Set("n", 1) })
	in := incoming(t, http.MethodGet, "/", pair(t, h))
	in.Next = func(ctx context.Context) {
		if err := contextSession(ctx, t).Renew(ctx); err != nil {
			t.Error(err)
		}
		panic("a mistake")
	}
	defer func() {
		if v := recover(); v != "a mistake" {
			t.Errorf("recovered %v", v)
		}
		pair(t, in.Header)
	}()
	f.Serve(t.Context(), in)
}

// Serve inside Serve runs the application once, with the outer one's session.
func TestServeTwice(t *testing.T) {
	f := newTestFactory(t, newMemStore(), nil)
	h, _ := serve(t, f, "", func(ctx context.Context, h http.Header) {
		contextSession(ctx, t).Set("a", 1)
		inner := incoming(t, http.MethodGet, "/", "")
		inner.Header = h
		inner.Next = func(ctx context.Context) { contextSession(ctx, t).Set("b", 1) }
		if answer := f.Serve(ctx, inner); answer != nil || len(h) != 0 {
			t.Errorf("answer %v, header %v", answer, h)
		}
	})
	serve(t, f, pair(t, h), func(ctx context.Context, _ http.Header) {
		if keys := contextSession(ctx, t).Keys(); len(keys) != 2 {
			t.Errorf("keys %v", keys)
		}
	})
}

// CSRFProtection.Serve lets safe methods pass, and others with the session's token.
func TestServeCSRF(t *testing.T) {
	f := newTestFactory(t, newMemStore(), nil)
	p := new(session.CSRFProtection)
	post := func(cookie, header, token string) (ran bool, answer *session.Answer) {
		outer := incoming(t, http.MethodPost, "/", cookie)
		outer.Next = func(ctx context.Context) {
			inner := incoming(t, http.MethodPost, "/", cookie)
			inner.Request = func() *http.Request {
				r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader("csrf_token="+token))
				r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				r.Header.Set("Sec-Fetch-Site", header)
				return r
			}
			inner.Next = func(context.Context) { ran = true }
			answer = p.Serve(ctx, inner)
		}
		f.Serve(t.Context(), outer)
		return ran, answer
	}
	var token string
	h, _ := serve(t, f, "", func(ctx context.Context, h http.Header) {
		in := incoming(t, http.MethodGet, "/", "")
		in.Header, in.Next = h, func(ctx context.Context) { token, _ = contextSession(ctx, t).CSRFToken(ctx) }
		if answer := p.Serve(ctx, in); answer != nil {
			t.Errorf("GET: %+v", answer)
		}
	})
	cookie := pair(t, h)
	if ran, answer := post(cookie, "same-origin", token); !ran || answer != nil {
		t.Errorf("with the token: ran %v, %+v", ran, answer)
	}
	for name, wrong := range map[string][2]string{"no token": {"same-origin", ""}, "another site": {"cross-site", token}} {
		if ran, answer := post(cookie, wrong[0], wrong[1]); ran || answer == nil || answer.Code != http.StatusForbidden {
			t.Errorf("%s: ran %v, %+v", name, ran, answer)
		}
	}
}

// The paths of Options.DeviceBound are answered by Serve itself.
func TestServeDeviceBound(t *testing.T) {
	f := newTestFactory(t, newMemStore(), func(o *session.Options) { o.DeviceBound = dbsc.Options{} })
	in := incoming(t, http.MethodPost, "/.session/refresh", "")
	in.Request = func() *http.Request {
		r := httptest.NewRequest(http.MethodPost, "/.session/refresh", http.NoBody)
		r.Header.Set("Sec-Secure-Session-Id", "unknown")
		return r
	}
	in.Next = func(context.Context) { t.Error("the application was called") }
	answer := f.Serve(t.Context(), in)
	if answer == nil || answer.Code != http.StatusOK || !strings.Contains(string(answer.Body), `"continue":false`) {
		t.Errorf("answer %+v", answer)
	}
}

// A server whose response has no header lines yet may leave Header out.
func TestServeWithoutAHeader(t *testing.T) {
	f := newTestFactory(t, newMemStore(), nil)
	in := incoming(t, http.MethodGet, "/", "")
	in.Header, in.Next = nil, func(ctx context.Context) { contextSession(ctx, t).Set("n", 1) }
	if answer := f.Serve(t.Context(), in); answer != nil {
		t.Errorf("answer %+v", answer)
	}
	pair(t, in.Header)
	refused := &session.Incoming{
		Method:  http.MethodPost,
		Request: func() *http.Request { return httptest.NewRequest(http.MethodPost, "/", http.NoBody) },
		Next:    func(context.Context) { t.Error("the application was called") },
	}
	if answer := new(session.CSRFProtection).Serve(t.Context(), refused); answer == nil || refused.Header.Get("Content-Type") == "" {
		t.Errorf("answer %+v, header %v", answer, refused.Header)
	}
}
