package session_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pyramidgo/redissessions/connect"
	"github.com/pyramidgo/redissessions/connect/embedded"
	"github.com/pyramidgo/redissessions/internal/connecttest"
	"github.com/pyramidgo/redissessions/session"
)

// TestPassiveOnTheWire looks at what passive requests send to Redis, in every format, and
// at the time to live that they leave there.
func TestPassiveOnTheWire(t *testing.T) {
	for name, open := range connectors {
		for _, format := range formats {
			t.Run(name+"/"+format.String(), func(t *testing.T) {
				m := connecttest.Miniredis(t)
				proxy := connecttest.Proxy(t, m.Addr())
				v := newVisitor(t, newTestFactory(t, openStore(t, open, proxy.URL()), func(o *session.Options) {
					o.Format, o.PythonExpires = format, format == session.FormatPyramidSessionRedis
					o.Passive = func(r *http.Request) bool { return r.Header.Get("X-Background") != "" }
				}))
				visit := func(background string, use func(s *session.Session)) (ttl time.Duration, commands string) {
					r := httptest.NewRequest(http.MethodGet, "/", nil)
					if background != "" {
						r.Header.Set("X-Background", background)
					}
					proxy.Reset()
					v.Do(v.f.Handler(withSession(t, v.f, use)), r)
					var names []string
					for _, c := range proxy.Commands() {
						names = append(names, strings.ToUpper(c[0]))
					}
					return m.TTL(m.Keys()[0]), strings.Join(slices.Compact(names), " ")
				}
				visit("", func(s *session.Session) { s.Set("a", 1) })
				m.FastForward(10 * time.Minute)
				if ttl, commands := visit("1", func(s *session.Session) { s.Get("a") }); ttl != 10*time.Minute || commands != "GET PTTL" {
					t.Errorf("a passive read sends %s and leaves %v", commands, ttl)
				}
				if ttl, commands := visit("1", func(s *session.Session) { s.Set("a", 2) }); ttl != 10*time.Minute || !strings.HasPrefix(commands, "GET PTTL EVAL") {
					t.Errorf("a passive write sends %s and leaves %v", commands, ttl)
				}
				if ttl, commands := visit("", func(s *session.Session) {
					if n, _ := session.Value[int](s, "a"); n != 2 {
						t.Errorf("a is %d", n)
					}
				}); ttl != 20*time.Minute || !strings.HasPrefix(commands, "GETEX") {
					t.Errorf("the visitor's own read sends %s and leaves %v", commands, ttl)
				}
			})
		}
	}
}

// TestPingOfEveryConnector asks servers that answer, refuse, and are gone.
func TestPingOfEveryConnector(t *testing.T) {
	ping := func(store session.Store) error {
		return newTestFactory(t, store, nil).Ping(t.Context())
	}
	for name, open := range connectors {
		t.Run(name, func(t *testing.T) {
			m := connecttest.Miniredis(t)
			proxy := connecttest.Proxy(t, m.Addr())
			store, err := open(t.Context(), connect.Options{URL: proxy.URL(), MaxRetries: -1})
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = store.Close() }()
			proxy.Reset()
			if err := ping(store); err != nil || proxy.RoundTrips() != 1 || !strings.EqualFold(proxy.Commands()[0][0], "PING") {
				t.Errorf("%v, with the commands %v", err, proxy.Commands())
			}
			m.SetError("LOADING Redis is loading the dataset in memory")
			if err := ping(store); !errors.Is(err, session.ErrUnavailable) {
				t.Errorf("a server that is loading: %v", err)
			}
			m.SetError("")
			m.Close()
			if err := ping(store); !errors.Is(err, session.ErrUnavailable) {
				t.Errorf("a server that is gone: %v", err)
			}
		})
	}
	store := openStore(t, embedded.Connect, "embedded://")
	if err := ping(store); err != nil {
		t.Error(err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	if err := ping(store); !errors.Is(err, session.ErrUnavailable) {
		t.Errorf("after Close: %v", err)
	}
}
