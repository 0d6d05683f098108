package session_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/pyramidgo/redissessions/connect"
	"github.com/pyramidgo/redissessions/connect/goredis"
	"github.com/pyramidgo/redissessions/connect/redigo"
	"github.com/pyramidgo/redissessions/internal/connecttest"
	"github.com/pyramidgo/redissessions/internal/visitor"
	"github.com/pyramidgo/redissessions/session"
)

// trip is one row of the table of round trips: what a request does, and how
// many round trips it takes.
type trip struct {
	name    string
	anew    bool                     // the visitor has no session yet
	had     func(s *session.Session) // what an earlier request did with it, in another process
	met     bool                     // this process has read it before
	options func(o *session.Options)
	// use is the handler. conflict lets another process save the session.
	use  func(f *session.Factory, r *http.Request, conflict func())
	want int
}

// used makes a row's handler of what it does with the session.
func used(do func(s *session.Session)) func(*session.Factory, *http.Request, func()) {
	return func(f *session.Factory, r *http.Request, _ func()) {
		if s, err := f.Get(r); err == nil {
			do(s)
		}
	}
}

// conflicting is used, with so many other requests saving between load and save.
func conflicting(n int, do func(s *session.Session)) func(*session.Factory, *http.Request, func()) {
	return func(f *session.Factory, r *http.Request, conflict func()) {
		s, err := f.Get(r)
		if err != nil {
			return
		}
		for range n {
			conflict()
		}
		do(s)
	}
}

func allPassive(o *session.Options) { o.Passive = func(*http.Request) bool { return true } }
func aDay(o *session.Options)       { o.Cookie.MaxAge = 24 * time.Hour }

func inRecord(o *session.Options)   { o.ExpiryInRecord = true }
func shortLife(o *session.Options)  { o.AbsoluteTimeout = 10 * time.Minute } // less than the idle timeout
func stay(s *session.Session)       { s.Remember(30 * 24 * time.Hour) }
func renew(s *session.Session)      { _ = s.Renew(context.Background()) }
func invalidate(s *session.Session) { _ = s.Invalidate(context.Background()) }
func csrfToken(s *session.Session)  { _, _ = s.CSRFToken(context.Background()) }

var trips = []trip{
	{name: "session not used", use: func(*session.Factory, *http.Request, func()) {}},
	{name: "session not used, no cookie", anew: true, use: func(*session.Factory, *http.Request, func()) {}},
	{name: "read, no cookie", anew: true, use: used(func(s *session.Session) { s.Get("a"); s.PopFlash("") })},
	{name: "read", use: used(func(s *session.Session) { s.Get("a"); s.PeekFlash("") }), want: 1},
	{name: "read, timeout_trigger", options: func(o *session.Options) { o.TouchAfter = time.Minute },
		use: used(func(s *session.Session) { s.Get("a") }), want: 1},
	{name: "read, passive", options: allPassive, use: used(func(s *session.Session) { s.Get("a") }), want: 1},
	{name: "write, passive", options: allPassive, use: used(func(s *session.Session) { s.Set("a", 2) }), want: 2},
	{name: "read, cookie_max_age", options: aDay, use: used(func(s *session.Session) { s.Get("a") }), want: 1},
	{name: "write, cookie_max_age", options: aDay, use: used(func(s *session.Session) { s.Set("a", 2) }), want: 2},
	{name: "read, stay logged in", had: stay, met: true, use: used(func(s *session.Session) { s.Get("a") }), want: 1},
	{name: "read, stay logged in, first in this process", had: stay, use: used(func(s *session.Session) { s.Get("a") }), want: 2},
	{name: "write, stay logged in", had: stay, met: true, use: used(func(s *session.Session) { s.Set("a", 2) }), want: 2},
	{name: "write of an equal value, stay logged in", had: stay, met: true, use: used(func(s *session.Session) { s.Set("a", 1) }), want: 1},
	{name: "write and stay logged in", use: used(func(s *session.Session) { s.Set("a", 2); stay(s) }), want: 2},
	{name: "read, near the absolute timeout", options: shortLife, met: true, use: used(func(s *session.Session) { s.Get("a") }), want: 1},
	{name: "read, near the absolute timeout, first in this process", options: shortLife, use: used(func(s *session.Session) { s.Get("a") }), want: 2},
	{name: "read, set_redis_ttl = false", options: inRecord, use: used(func(s *session.Session) { s.Get("a") }), want: 1},
	{name: "read, set_redis_ttl = false, stay logged in", options: inRecord, had: stay, use: used(func(s *session.Session) { s.Get("a") }), want: 1},
	{name: "write, set_redis_ttl = false", options: inRecord, use: used(func(s *session.Session) { s.Set("a", 2) }), want: 2},
	{name: "touch", use: used(func(s *session.Session) { _ = s.Touch(context.Background()) }), want: 2},
	{name: "ping", use: func(f *session.Factory, r *http.Request, _ func()) { _ = f.Ping(r.Context()) }, want: 1},
	{name: "status", use: func(f *session.Factory, r *http.Request, _ func()) {
		f.StatusHandler().ServeHTTP(httptest.NewRecorder(), r)
	}, want: 1},
	{name: "status, no cookie", anew: true, use: func(f *session.Factory, r *http.Request, _ func()) {
		f.StatusHandler().ServeHTTP(httptest.NewRecorder(), r)
	}},
	{name: "first write of a new session", anew: true, use: used(func(s *session.Session) { s.Set("a", 1) }), want: 1},
	{name: "first CSRF token of a new session", anew: true, use: used(csrfToken), want: 1},
	{name: "write", use: used(func(s *session.Session) { s.Set("a", 2) }), want: 2},
	{name: "many writes", use: used(func(s *session.Session) {
		s.Set("a", 2)
		s.Flash("", "hello")
		s.Modify("n", func(any) any { return 1 })
		s.AdjustTimeout(time.Hour)
	}), want: 2},
	{name: "clear", use: used(func(s *session.Session) { s.Clear() }), want: 2},
	{name: "write of an equal value", use: used(func(s *session.Session) { s.Set("a", 1) }), want: 1},
	{name: "delete of an absent key", use: used(func(s *session.Session) { s.Delete("b") }), want: 1},
	{name: "Factory.Invalidate", use: func(f *session.Factory, r *http.Request, _ func()) { _ = f.Invalidate(r) }, want: 1},
	{name: "Invalidate after Get", use: used(invalidate), want: 2},
	{name: "renew", use: used(renew), want: 3},
	{name: "write and renew", use: used(func(s *session.Session) { s.Set("user", "ann"); renew(s) }), want: 3},
	{name: "write, one conflict", use: conflicting(1, func(s *session.Session) { s.Set("a", 2) }), want: 3},
	{name: "CSRF token, one conflict", use: conflicting(1, csrfToken), want: 3},
	{name: "renew, one conflict", use: conflicting(1, renew), want: 5}, // the copy is made again as well
}

func TestRoundTrips(t *testing.T) {
	for _, server := range []string{"redis", "miniredis"} {
		for name, open := range connectors {
			t.Run(server+"/"+name, func(t *testing.T) {
				addr := ""
				if server == "redis" {
					addr = connecttest.RedisServer(t).Addr()
				} else {
					addr = connecttest.Miniredis(t).Addr()
				}
				proxy := connecttest.Proxy(t, addr)
				counted := openStore(t, open, proxy.URL())
				other := openStore(t, open, "redis://"+addr)
				// A server that has not seen a script yet asks for it, once in its life.
				_ = other.Replace(t.Context(), "none", nil, nil, 0)
				_ = other.Remove(t.Context(), "none", nil)
				_ = other.(session.TTLKeeper).ReplaceKeepTTL(t.Context(), "none", nil, nil)
				for _, row := range trips {
					t.Run(row.name, func(t *testing.T) { row.check(t, proxy, counted, other) })
				}
			})
		}
	}
}

// connectors are the ways to reach a server.
var connectors = map[string]connect.Func{"goredis": goredis.Connect, "redigo": redigo.Connect}

func openStore(t *testing.T, open connect.Func, url string) session.Store {
	t.Helper()
	// A busy machine is slow; the tests of outages have connections of their own.
	store, err := open(t.Context(), connect.Options{URL: url, DialTimeout: time.Minute, SocketTimeout: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	return store
}

func (row trip) check(t *testing.T, proxy *connecttest.RecordingProxy, counted, other session.Store) {
	f, beside := newTestFactory(t, counted, row.options), newTestFactory(t, other, row.options)
	v := visitor.New(t)
	request := func(f *session.Factory, use func(f *session.Factory, r *http.Request)) {
		resp := v.Get(f.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { use(f, r) })), "/")
		if resp.StatusCode != http.StatusOK {
			t.Errorf("status %d", resp.StatusCode)
		}
	}
	set := func(key string) func(*session.Factory, *http.Request) {
		return func(f *session.Factory, r *http.Request) {
			if s, err := f.Get(r); err == nil {
				s.Set(key, 1)
			}
		}
	}
	if !row.anew {
		request(beside, set("a"))
	}
	if row.had != nil {
		request(beside, func(f *session.Factory, r *http.Request) {
			if s, err := f.Get(r); err == nil {
				row.had(s)
			}
		})
	}
	if row.met {
		request(f, func(f *session.Factory, r *http.Request) { _, _ = f.Get(r) })
	}
	writes := 0
	conflict := func() {
		writes++
		request(beside, set("other"+strings.Repeat("x", writes)))
	}
	proxy.Reset()
	request(f, func(f *session.Factory, r *http.Request) { row.use(f, r, conflict) })
	if got := proxy.RoundTrips(); got != row.want {
		var names []string
		for _, c := range proxy.Commands() {
			names = append(names, c[0])
		}
		t.Errorf("%d round trips %v, want %d", got, names, row.want)
	}
}
