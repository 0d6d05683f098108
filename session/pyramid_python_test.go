package session_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/pyramidgo/redissessions/connect/goredis"
	"github.com/pyramidgo/redissessions/encode"
	"github.com/pyramidgo/redissessions/internal/connecttest"
	"github.com/pyramidgo/redissessions/session"
	"github.com/pyramidgo/redissessions/session/internal/pyramidpeer"
)

// twoLanguages is a Go service and a Python application with one Redis, one
// secret and one visitor.
type twoLanguages struct {
	t      *testing.T
	python *pyramidpeer.Peer
	ask    pyramidpeer.Question // what every question to Python says
	f      *session.Factory
	redis  *redis.Client
	cookie string
}

// The secret is neither ASCII nor Latin-1: both sides must take it as UTF-8.
const sharedSecret = "ein Geheimnis für zwei Sprachen, länger als 32 Byte: €"

// inTwoLanguages runs a test for both packages, with pickle and with JSON.
func inTwoLanguages(t *testing.T, test func(*twoLanguages)) {
	python, server := pyramidpeer.Start(t), connecttest.RedisServer(t)
	for layout, format := range packages {
		for _, serializer := range []string{"pickle", "json"} {
			t.Run(layout+"/"+serializer, func(t *testing.T) {
				store := openStore(t, goredis.Connect, server.URL())
				o := &session.Options{
					Secret: sharedSecret, Format: format, PythonExpires: format == session.FormatPyramidSessionRedis,
					Logger: slog.New(slog.DiscardHandler),
				}
				if serializer == "json" {
					o.Codec = encode.JSON
				}
				f, err := session.NewFactory(store, o)
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { _ = f.Close() })
				test(&twoLanguages{
					t: t, python: python, f: f, redis: server.Client(),
					ask: pyramidpeer.Question{"layout": layout, "serializer": serializer, "secret": sharedSecret, "port": server.Port},
				})
			})
		}
	}
}

// inPython makes a request to the Python application.
func (l *twoLanguages) inPython(name string, more pyramidpeer.Question) pyramidpeer.Answer {
	l.t.Helper()
	q := pyramidpeer.Question{"cookie": l.cookie}
	for _, part := range []pyramidpeer.Question{l.ask, more} {
		for k, v := range part {
			q[k] = v
		}
	}
	a := l.python.Ask(l.t, name, q)
	if a.Cookie != "" {
		l.cookie = a.Cookie
	}
	return a
}

// inGo makes a request to the Go service.
func (l *twoLanguages) inGo(use func(*session.Session)) int {
	l.t.Helper()
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	if l.cookie != "" {
		r.AddCookie(&http.Cookie{Name: "session", Value: l.cookie})
	}
	w := httptest.NewRecorder()
	l.f.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		s, err := l.f.Get(r)
		if err != nil {
			l.t.Error(err)
			return
		}
		use(s)
	})).ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() {
		l.cookie = c.Value
	}
	return w.Code
}

func TestSessionThatBeginsInGo(t *testing.T) {
	inTwoLanguages(t, func(l *twoLanguages) {
		l.inGo(func(s *session.Session) {
			s.Set("user", "Zoë €😀")
			s.Set("cart", map[string]any{"items": []any{"a", 2, 3.0, nil, true}})
			s.Flash("", "from Go")
		})
		l.inPython("visit", pyramidpeer.Question{
			"set": map[string]any{"python": []any{1, "x"}}, "flash": map[string]any{"": "from Python"},
		})
		l.inGo(func(s *session.Session) {
			user, _ := s.Get("user")
			python, _ := s.Get("python")
			cart, _ := session.Value[map[string][]any](s, "cart")
			if s.IsNew() || user != "Zoë €😀" || !reflect.DeepEqual(python, []any{int64(1), "x"}) ||
				!reflect.DeepEqual(cart["items"], []any{"a", int64(2), 3.0, nil, true}) {
				l.t.Errorf("back in Go: new %v, user %q, python %v, cart %v", s.IsNew(), user, python, cart)
			}
			if got := s.PopFlash(""); !reflect.DeepEqual(got, []any{"from Go", "from Python"}) {
				l.t.Errorf("the messages are %v", got)
			}
			s.Delete("cart")
		})
		a := l.inPython("visit", nil)
		if got := string(a.Data); a.Missing != "" || !containsAll(got, `"user"`, `"python"`) || containsAll(got, "cart") || containsAll(got, "_f_") {
			l.t.Errorf("back in Python: %s%s", a.Missing, got)
		}
		l.inGo(func(s *session.Session) {
			if err := s.Invalidate(l.t.Context()); err != nil {
				l.t.Error(err)
			}
		})
		if keys := l.redis.DBSize(l.t.Context()).Val(); keys != 0 {
			l.t.Errorf("after the logout there are %d keys", keys)
		}
	})
}

func TestSessionThatBeginsInPython(t *testing.T) {
	inTwoLanguages(t, func(l *twoLanguages) {
		l.inPython("begin", pyramidpeer.Question{"set": map[string]any{"user": "ann"}, "timeout": 100})
		l.inGo(func(s *session.Session) {
			if user, _ := s.Get("user"); user != "ann" || s.Timeout() != 100*time.Second {
				l.t.Errorf("user %v, timeout %s", user, s.Timeout())
			}
			if age := time.Since(s.Created()); age > time.Minute || age < -time.Minute {
				l.t.Errorf("created %s ago", age)
			}
			if err := s.Renew(l.t.Context()); err != nil {
				l.t.Error(err)
			}
			s.AdjustTimeout(200 * time.Second)
			s.Set("seen", true)
		})
		a := l.inPython("visit", pyramidpeer.Question{"adjust_timeout": 300})
		if got := string(a.Data); !containsAll(got, `"user"`, `"seen"`) {
			l.t.Errorf("after the renewal Python sees %s%s", a.Missing, got)
		}
		l.inGo(func(s *session.Session) {
			if s.Timeout() != 300*time.Second {
				l.t.Errorf("Python's new timeout is %s here", s.Timeout())
			}
		})
		if left := l.redis.TTL(l.t.Context(), a.ID).Val(); left < 290*time.Second || left > 300*time.Second {
			l.t.Errorf("the time to live is %s", left)
		}
		l.redis.FlushDB(l.t.Context())
	})
}

// randomSessions is how many each of the tests below makes in each format.
const randomSessions = 500

// withRandomSessions has Python invent sessions, of all that a pickle may hold.
func withRandomSessions(t *testing.T, test func(l *twoLanguages, begun pyramidpeer.Answer)) {
	inTwoLanguages(t, func(l *twoLanguages) {
		if l.ask["serializer"] == "json" {
			return // it has no words for most of them
		}
		seed := rand.Uint64() >> 12
		l.t.Logf("seed %d", seed)
		for i := range uint64(randomSessions) {
			test(l, l.inPython("begin", pyramidpeer.Question{"seed": seed + i, "protocol": i % 6}))
			if l.t.Failed() {
				l.t.Fatalf("seed %d, protocol %d", seed+i, i%6)
			}
		}
		l.redis.FlushDB(l.t.Context())
	})
}

func (l *twoLanguages) stored(id string) []byte {
	return []byte(l.redis.Get(l.t.Context(), id).Val())
}

// What Python has made goes through Go unharmed: read only, it is the same
// bytes; changed beside, the rest is equal.
func TestRandomSessionsFromPython(t *testing.T) {
	withRandomSessions(t, func(l *twoLanguages, begun pyramidpeer.Answer) {
		l.inGo(func(s *session.Session) {
			for range s.All() { // every value is read, and none changes
				continue
			}
		})
		if a := l.inPython("equal", pyramidpeer.Question{"a": []byte(begun.Record), "b": l.stored(begun.ID), "but": []string{"x"}}); !a.Same {
			l.t.Errorf("reading it has made it %.2000s", a.Got)
		}
		if l.ask["layout"] == "original" && !bytes.Equal(l.stored(begun.ID), begun.Record) {
			l.t.Error("reading it has written it")
		}
		l.inGo(func(s *session.Session) { s.Set("from Go", 1) })
		l.inGo(func(s *session.Session) { s.Delete("from Go") })
		if a := l.inPython("equal", pyramidpeer.Question{"a": []byte(begun.Record), "b": l.stored(begun.ID), "but": []string{"x"}}); !a.Same {
			l.t.Errorf("it has become %.2000s", a.Got)
		}
	})
}

// What Go has made goes through Python unharmed: written again by Python, in
// Python's own pickle and its own order of sets, it holds the same values.
func TestRandomSessionsFromGo(t *testing.T) {
	withRandomSessions(t, func(l *twoLanguages, _ pyramidpeer.Answer) {
		var data map[string]any
		l.inGo(func(s *session.Session) { data = maps.Collect(s.All()) })
		l.cookie = ""
		l.inGo(func(s *session.Session) { s.Update(data) })
		again := l.inPython("visit", nil)
		if again.Missing != "" {
			l.t.Fatal(again.Missing)
		}
		l.inGo(func(s *session.Session) {
			if s.Len() != len(data) {
				l.t.Errorf("%d keys have become %d", len(data), s.Len())
			}
			s.Update(data) // equal values are no change
		})
		if l.ask["layout"] == "original" && !bytes.Equal(l.stored(again.ID), again.Record) {
			l.t.Errorf("after Python has written them, the values are others: %.2000s", again.Data)
		}
	})
}

// A write of Python's between our load and our save is merged, whichever of the
// two it is.
func TestPythonWritesBetweenLoadAndSave(t *testing.T) {
	inTwoLanguages(t, func(l *twoLanguages) {
		l.inGo(func(s *session.Session) { s.Set("n", 0) })
		for i := range 20 {
			l.inGo(func(s *session.Session) {
				s.Modify("n", func(old any) any { return old.(int64) + 1 })
				s.Flash("", fmt.Sprint("go ", i))
				l.inPython("visit", pyramidpeer.Question{"set": map[string]any{fmt.Sprint("python ", i): i}, "flash": map[string]any{"": fmt.Sprint("python ", i)}})
			})
		}
		l.inGo(func(s *session.Session) {
			if n, _ := session.Value[int](s, "n"); n != 20 || s.Len() != 22 || len(s.PeekFlash("")) != 40 {
				l.t.Errorf("n is %d, there are %d keys and %d messages", n, s.Len(), len(s.PeekFlash("")))
			}
		})
		l.redis.FlushDB(l.t.Context())
	})
}

// Python reads and writes a session while a request to Go works for it: the claim is text to
// it, and the result comes to what it has written.
func TestPythonWritesDuringOnce(t *testing.T) {
	inTwoLanguages(t, func(l *twoLanguages) {
		l.inGo(func(s *session.Session) { s.Set("token", "old") })
		l.inGo(func(s *session.Session) {
			got, err := session.Once(l.t.Context(), s, "token", func(context.Context) (string, error) {
				a := l.inPython("visit", pyramidpeer.Question{"set": map[string]any{"python": 1}})
				if got := string(a.Data); a.Missing != "" || !containsAll(got, `"token"`, `"old"`, `"_once_token"`) {
					l.t.Errorf("during the work Python reads %s%s", a.Missing, got)
				}
				return "new", nil
			})
			if got != "new" || err != nil {
				l.t.Errorf("%q, %v", got, err)
			}
		})
		if got := string(l.inPython("visit", nil).Data); !containsAll(got, `"new"`, `"python"`) {
			l.t.Errorf("after the work Python reads %s", got)
		}
		l.redis.FlushDB(l.t.Context())
	})
}

// Deleted by Python between our load and our save, a session stays deleted. Renew
// cannot tell that from a renewal by another request: it begins a new session, with
// nothing of the deleted one.
func TestPythonLogsOutBetweenLoadAndSave(t *testing.T) {
	inTwoLanguages(t, func(l *twoLanguages) {
		for _, renew := range []bool{false, true} {
			l.cookie = ""
			l.inGo(func(s *session.Session) { s.Update(map[string]any{"n": 0, "private": true}) })
			var old string
			code := l.inGo(func(s *session.Session) {
				old = s.ID()
				s.Set("n", 1)
				l.redis.Del(l.t.Context(), old)
				if renew {
					if err := s.Renew(l.t.Context()); err != nil {
						l.t.Error(err)
					}
				}
			})
			if l.redis.Exists(l.t.Context(), old).Val() != 0 {
				l.t.Error("the deleted session is there again")
			}
			keys := l.redis.DBSize(l.t.Context()).Val()
			if !renew {
				if keys != 0 || code == http.StatusOK {
					l.t.Errorf("%d keys are left, status %d", keys, code)
				}
				continue
			}
			if keys != 1 || code != http.StatusOK {
				l.t.Errorf("%d keys after the renewal, status %d", keys, code)
			}
			l.inGo(func(s *session.Session) {
				if s.ID() == old || !slices.Equal(s.Keys(), []string{"n"}) {
					l.t.Errorf("the new session holds %v", s.Keys())
				}
			})
			l.redis.FlushDB(l.t.Context())
		}
	})
}

func containsAll(text string, parts ...string) bool {
	for _, part := range parts {
		if !strings.Contains(text, part) {
			return false
		}
	}
	return true
}
