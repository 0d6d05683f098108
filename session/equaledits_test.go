package session_test

import (
	"sync"
	"testing"

	"github.com/pyramidgo/redissessions/connect"
	"github.com/pyramidgo/redissessions/connect/embedded"
	"github.com/pyramidgo/redissessions/encode"
	"github.com/pyramidgo/redissessions/internal/connecttest"
	"github.com/pyramidgo/redissessions/session"
)

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
				v := newVisitor(t, newTestFactory(t, store, edits(discardLog, edit, patient)))
				click := func(s *session.Session) {
					session.Modify(s, "clicks", func(n int) int { return n + 1 })
					s.Flash("", "Saved.")
					s.FlashOnce("once", "Hello.")
				}
				v.visit(click)
				var wg sync.WaitGroup
				turns := make(chan struct{}, clicks)
				for range clicks - 1 {
					turns <- struct{}{}
				}
				close(turns)
				for range atOnce {
					wg.Go(func() {
						for range turns {
							v.visit(click)
						}
					})
				}
				wg.Wait()
				v.visit(func(s *session.Session) {
					n, _ := session.Value[int](s, "clicks")
					if messages := len(s.PeekFlash("")); n != clicks || messages != clicks {
						t.Errorf("%d clicks and %d messages are saved of %d that were answered 200", n, messages, clicks)
					}
					if once := s.PeekFlash("once"); len(once) != 1 {
						t.Errorf("the message that is to be there once: %v", once)
					}
				})
			})
		})
	}
}
