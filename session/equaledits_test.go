package session_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/pyramidgo/redissessions/connect"
	"github.com/pyramidgo/redissessions/connect/embedded"
	"github.com/pyramidgo/redissessions/encode"
	"github.com/pyramidgo/redissessions/internal/connecttest"
	"github.com/pyramidgo/redissessions/session"
)

// formats are all there are.
var formats = []session.Format{session.FormatNative, session.FormatPyramidRedisSessions, session.FormatPyramidSessionRedis}

// eachKindOfRecord runs a subtest for every format, in the codecs that its
// records may be in.
func eachKindOfRecord(t *testing.T, test func(t *testing.T, edit func(*session.Options))) {
	codecs := map[string]encode.Codec{"default": {}, "json": encode.JSON, "msgpack": encode.MsgPack}
	for _, format := range formats {
		for name, codec := range codecs {
			t.Run(format.String()+"/"+name, func(t *testing.T) {
				test(t, func(o *session.Options) { o.Format, o.Codec = format, codec })
			})
		}
	}
}

// A visitor clicks 121 times, six at a time. Every request makes the same change,
// so that in the Pyramid formats, whose records have no revision, two of them
// write the same bytes. Each counts.
func TestEqualEdits(t *testing.T) {
	const clicks, atOnce = 121, 6
	open := map[string]func(t *testing.T) session.Store{
		"goredis": func(t *testing.T) session.Store {
			return openStore(t, connectors["goredis"], connecttest.RedisServer(t).URL())
		},
		"redigo": func(t *testing.T) session.Store {
			return openStore(t, connectors["redigo"], connecttest.RedisServer(t).URL())
		},
		"goredis without scripts": func(t *testing.T) session.Store {
			return openStore(t, connectors["goredis"], connecttest.ValkeyServerWithoutLua(t).URL())
		},
		"redigo on valkey": func(t *testing.T) session.Store {
			return openStore(t, connectors["redigo"], connecttest.ValkeyServer(t).URL())
		},
		"embedded": func(t *testing.T) session.Store {
			store, err := embedded.Connect(t.Context(), connect.Options{URL: "embedded://"})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = store.Close() })
			return store
		},
	}
	for name, open := range open {
		t.Run(name, func(t *testing.T) {
			store := open(t)
			eachKindOfRecord(t, func(t *testing.T, edit func(*session.Options)) {
				c := newClicker(t, store, edit)
				click := c.serve(func(s *session.Session) {
					session.Modify(s, "clicks", func(n int) int { return n + 1 })
					s.Flash("", "Saved.")
					s.FlashOnce("once", "Hello.")
				})
				c.send(click)
				var wg sync.WaitGroup
				turns := make(chan struct{}, clicks)
				for range clicks - 1 {
					turns <- struct{}{}
				}
				close(turns)
				for range atOnce {
					wg.Go(func() {
						for range turns {
							c.send(click)
						}
					})
				}
				wg.Wait()
				c.send(c.serve(func(s *session.Session) {
					n, _ := session.Value[int](s, "clicks")
					if messages := len(s.PeekFlash("")); n != clicks || messages != clicks {
						t.Errorf("%d clicks and %d messages are saved of %d that were answered 200", n, messages, clicks)
					}
					if once := s.PeekFlash("once"); len(once) != 1 {
						t.Errorf("the message that is to be there once: %v", once)
					}
				}))
			})
		})
	}
}

// clicker sends requests of one visitor, one after the other or at once.
type clicker struct {
	t        *testing.T
	sessions *session.Factory

	mu     sync.Mutex
	cookie *http.Cookie
}

func newClicker(t *testing.T, store session.Store, edit func(*session.Options)) *clicker {
	t.Helper()
	o := &session.Options{Secret: "a secret for tests, of more than 32 bytes", Logger: slog.New(slog.DiscardHandler)}
	edit(o)
	f, err := session.NewFactory(store, o)
	if err != nil {
		t.Fatal(err)
	}
	return &clicker{t: t, sessions: f}
}

// serve returns a site whose page does something with the session.
func (c *clicker) serve(page func(s *session.Session)) http.Handler {
	return c.sessions.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s, err := c.sessions.Get(r)
		if err != nil {
			c.t.Error(err)
			return
		}
		page(s)
		fmt.Fprintln(w, "ok")
	}))
}

// send sends a request with the visitor's cookie, which must be answered 200.
func (c *clicker) send(site http.Handler) {
	c.t.Helper()
	r := httptest.NewRequest(http.MethodPost, "/", nil)
	c.mu.Lock()
	if c.cookie != nil {
		r.AddCookie(c.cookie)
	}
	c.mu.Unlock()
	w := httptest.NewRecorder()
	site.ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		c.t.Errorf("status %d: %s", w.Code, w.Body)
	}
	for _, cookie := range w.Result().Cookies() {
		c.mu.Lock()
		c.cookie = cookie
		c.mu.Unlock()
	}
}
