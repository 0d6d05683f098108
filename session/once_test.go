package session_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pyramidgo/redissessions/connect/goredis"
	"github.com/pyramidgo/redissessions/connect/redigo"
	"github.com/pyramidgo/redissessions/internal/connecttest"
	"github.com/pyramidgo/redissessions/session"
	"github.com/pyramidgo/redissessions/session/handlertest"
)

// refreshed is a token after so many refreshes.
func refreshed(n int64) string { return fmt.Sprintf("token %d", n) }

// provider is what tokens are refreshed at.
type provider struct{ refreshes atomic.Int64 }

func (p *provider) refresh(context.Context) (string, error) {
	return refreshed(p.refreshes.Add(1)), nil
}

// expired reports whether a session's token is still the first one.
func expired(s *session.Session) bool {
	token, _ := session.Value[string](s, "token")
	return token == refreshed(0)
}

// api answers with the session's token, which it refreshes first when that has expired.
func (p *provider) api(w http.ResponseWriter, r *http.Request) {
	s, err := session.FromRequest(r)
	if err != nil {
		return
	}
	token, _ := session.Value[string](s, "token")
	if expired(s) {
		if token, err = session.Once(r.Context(), s, "token", p.refresh); err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
	}
	fmt.Fprint(w, token)
}

func withOldToken(ada *handlertest.Visitor) { ada.Set("token", refreshed(0)) }

// kits runs a test with a kit of each format.
func kits(t *testing.T, test func(t *testing.T, k *handlertest.Kit)) {
	for _, format := range formats {
		t.Run(format.String(), func(t *testing.T) {
			t.Parallel()
			test(t, handlertest.New(t, handlertest.WithOptions(session.Options{Format: format})))
		})
	}
}

// onceIn calls Once in a request of a visitor's.
func onceIn(k *handlertest.Kit, ada *handlertest.Visitor, f func(ctx context.Context) (any, error)) (v any, err error) {
	ada.Get(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var s *session.Session
		if s, err = k.Factory().Get(r); err == nil {
			v, err = s.Once(r.Context(), "token", f)
		}
	}), "/")
	return v, err
}

func answer(v any) func(context.Context) (any, error) {
	return func(context.Context) (any, error) { return v, nil }
}

// Every order of three requests' commands refreshes the token once.
func TestOnceInterleaved(t *testing.T) {
	t.Parallel()
	kits(t, func(t *testing.T, k *handlertest.Kit) {
		p := &provider{}
		api := http.HandlerFunc(p.api)
		k.Interleave(300, api, api, api).Arrange(func(ada *handlertest.Visitor) {
			p.refreshes.Store(0)
			withOldToken(ada)
		}).Check(func(run *handlertest.Run) error {
			if n := p.refreshes.Load(); n != 1 {
				return fmt.Errorf("%d refreshes", n)
			}
			for i, resp := range run.Responses {
				if got := readBody(t, resp); got != refreshed(1) {
					return fmt.Errorf("request %d was answered %q", i+1, got)
				}
			}
			if got := run.Visitor.Session()["token"]; got != refreshed(1) {
				return fmt.Errorf("the session has %v", got)
			}
			return nil
		})
	})
}

// Many requests in three processes, each with its own connector, refresh the token once.
func TestOnceInSeveralProcesses(t *testing.T) {
	t.Parallel()
	for _, server := range []string{"redis", "miniredis"} {
		url := "redis://" + connecttest.Miniredis(t).Addr()
		if server == "redis" {
			url = connecttest.RedisServer(t).URL()
		}
		for _, format := range formats {
			t.Run(server+"/"+format.String(), func(t *testing.T) {
				t.Parallel()
				var fs []*session.Factory
				for _, connect := range []func() session.Store{
					func() session.Store { return openStore(t, goredis.Connect, url) },
					func() session.Store { return openStore(t, goredis.Connect, url) },
					func() session.Store { return openStore(t, redigo.Connect, url) },
				} {
					fs = append(fs, newTestFactory(t, connect(), ofFormat(format)))
				}
				v := newVisitor(t, fs[0])
				v.visit(func(s *session.Session) { s.Set("token", refreshed(0)) })
				const n = 30
				var loaded, requests sync.WaitGroup
				loaded.Add(n)
				p := &provider{}
				for i := range n {
					requests.Go(func() {
						at := v.at(fs[i%len(fs)])
						at.visit(func(s *session.Session) {
							if !expired(s) {
								t.Error("the token is new already")
							}
							loaded.Done()
							loaded.Wait()
							if got, err := session.Once(t.Context(), s, "token", p.refresh); got != refreshed(1) || err != nil {
								t.Errorf("%q, %v", got, err)
							}
						})
					})
				}
				requests.Wait()
				if got := p.refreshes.Load(); got != 1 {
					t.Errorf("%d refreshes", got)
				}
			})
		}
	}
}

// The goroutines of one request share the work too, also in a session that is not stored.
func TestOnceInOneRequest(t *testing.T) {
	t.Parallel()
	eachKitInABubble(t, func(t *testing.T, k *handlertest.Kit, ada *handlertest.Visitor) {
		for name, v := range map[string]*handlertest.Visitor{"stored session": ada, "new session": k.Visitor()} {
			p := &provider{}
			v.Get(withFactory(k, func(s *session.Session) {
				var all sync.WaitGroup
				for range 10 {
					all.Go(func() {
						got, err := session.Once(t.Context(), s, "token", func(ctx context.Context) (string, error) {
							pass(time.Second) // until all others wait
							return p.refresh(ctx)
						})
						if got != refreshed(1) || err != nil {
							t.Errorf("%s: %q, %v", name, got, err)
						}
					})
				}
				all.Wait()
			}), "/")
			if n, got := p.refreshes.Load(), v.Session()["token"]; n != 1 || got != refreshed(1) {
				t.Errorf("%s: %d refreshes, and the session has %v", name, n, got)
			}
		}
	})
}

// The result of the one that worked counts although it equals what was there.
func TestOnceWithAnEqualResult(t *testing.T) {
	t.Parallel()
	kits(t, func(t *testing.T, k *handlertest.Kit) {
		ada := k.Visitor()
		withOldToken(ada)
		k.Meanwhile(ada, func() {
			if _, err := onceIn(k, ada, answer(refreshed(0))); err != nil {
				t.Error(err)
			}
		})
		got, err := onceIn(k, ada, func(context.Context) (any, error) {
			t.Error("the work was done twice")
			return nil, nil
		})
		if got != refreshed(0) || err != nil {
			t.Errorf("%v, %v", got, err)
		}
		// A request that begins afterwards decides for itself.
		if got, err := onceIn(k, ada, answer("next")); got != "next" || err != nil {
			t.Errorf("%v, %v", got, err)
		}
		if got := ada.Session()["token"]; got != "next" {
			t.Errorf("the session has %v", got)
		}
	})
}

// What a login in another tab has set meanwhile is as good as a refresh.
func TestOnceAfterASetElsewhere(t *testing.T) {
	t.Parallel()
	kits(t, func(t *testing.T, k *handlertest.Kit) {
		ada := k.Visitor()
		withOldToken(ada)
		k.Meanwhile(ada, func() { ada.Set("token", "of a login") })
		if got, err := onceIn(k, ada, answer("of a refresh")); got != "of a login" || err != nil {
			t.Errorf("%v, %v", got, err)
		}
		// Other keys do not matter.
		k.Meanwhile(ada, func() { ada.Set("cart", "full") })
		if got, err := onceIn(k, ada, answer("of a refresh")); got != "of a refresh" || err != nil {
			t.Errorf("%v, %v", got, err)
		}
		if got := ada.Session(); got["token"] != "of a refresh" || got["cart"] != "full" {
			t.Errorf("the session has %v", got)
		}
	})
}

// The failure of one is not the others': one of those that wait tries next.
func TestOnceThatFails(t *testing.T) {
	t.Parallel()
	for _, how := range []string{"fails", "panics"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			kits(t, func(t *testing.T, k *handlertest.Kit) {
				p, tries := &provider{}, atomic.Int64{}
				down := errors.New("the provider is down")
				api := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					defer func() {
						if recover() != nil {
							w.WriteHeader(http.StatusBadGateway)
						}
					}()
					s, err := session.FromRequest(r)
					if err != nil || !expired(s) {
						return
					}
					_, err = session.Once(r.Context(), s, "token", func(ctx context.Context) (string, error) {
						switch {
						case tries.Add(1) > 1:
							return p.refresh(ctx)
						case how == "panics":
							panic("oh")
						}
						return "", down
					})
					if err != nil && !errors.Is(err, down) {
						t.Error(err)
					}
					if err != nil {
						w.WriteHeader(http.StatusBadGateway)
					}
				})
				k.Interleave(100, api, api, api).Arrange(func(ada *handlertest.Visitor) {
					p.refreshes.Store(0)
					tries.Store(0)
					withOldToken(ada)
				}).Check(func(run *handlertest.Run) error {
					failed := 0
					for _, resp := range run.Responses {
						if resp.StatusCode != http.StatusOK {
							failed++
						}
					}
					if n := p.refreshes.Load(); n != 1 || failed != 1 {
						return fmt.Errorf("%d refreshes, %d requests failed", n, failed)
					}
					return nil
				})
			})
		})
	}
}

// A claim does not outlive what it was made for.
func TestOnceLeavesNoClaim(t *testing.T) {
	t.Parallel()
	eachKitInABubble(t, func(t *testing.T, k *handlertest.Kit, ada *handlertest.Visitor) {
		began := time.Now()
		_, _ = onceIn(k, ada, func(context.Context) (any, error) { return nil, errors.New("down") })
		_, _ = onceIn(k, ada, func(context.Context) (any, error) { return make(chan int), nil })
		func() {
			defer func() { _ = recover() }()
			_, _ = onceIn(k, ada, func(context.Context) (any, error) { panic("oh") })
		}()
		ada.Get(withFactory(k, func(s *session.Session) {
			k.Down()
			_, _ = s.Once(t.Context(), "token", answer("not called"))
			k.Up() // the save at the end of the request works
		}), "/")
		if got, err := onceIn(k, ada, answer("done")); got != "done" || err != nil || time.Since(began) != 0 {
			t.Errorf("%v, %v, after %v", got, err, time.Since(began))
		}
	})
}

// crash leaves a claim behind, as a process does that ends in the middle of the work.
func crash(k *handlertest.Kit, ada *handlertest.Visitor) {
	_, _ = onceIn(k, ada, func(context.Context) (any, error) {
		k.Down()
		return nil, errors.New("crash")
	})
	k.Up()
}

func eachKitInABubble(t *testing.T, test func(t *testing.T, k *handlertest.Kit, ada *handlertest.Visitor)) {
	for _, format := range formats {
		t.Run(format.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				k := handlertest.New(t, handlertest.WithOptions(session.Options{Format: format}))
				ada := k.Visitor()
				withOldToken(ada)
				test(t, k, ada)
			})
		})
	}
}

// After a crash the others wait until the lease has ended, and one does the work.
func TestOnceAfterACrash(t *testing.T) {
	t.Parallel()
	eachKitInABubble(t, func(t *testing.T, k *handlertest.Kit, ada *handlertest.Visitor) {
		crash(k, ada)
		p, began := &provider{}, time.Now()
		var all sync.WaitGroup
		for range 5 {
			all.Go(func() {
				if got := readBody(t, ada.Get(http.HandlerFunc(p.api), "/")); got != refreshed(1) {
					t.Errorf("%q", got)
				}
			})
		}
		all.Wait()
		if waited := time.Since(began); waited < session.OnceLease || waited > session.OnceLease+time.Second {
			t.Errorf("they waited for %v", waited)
		}
		if n := p.refreshes.Load(); n != 1 {
			t.Errorf("%d refreshes", n)
		}
		// Long after a crash there is nothing to wait for.
		withOldToken(ada)
		crash(k, ada)
		k.Advance(session.OnceLease + 6*time.Second)
		began = time.Now()
		if got := readBody(t, ada.Get(http.HandlerFunc(p.api), "/")); got != refreshed(2) || time.Since(began) != 0 {
			t.Errorf("%q after %v", got, time.Since(began))
		}
	})
}

// A function that outlasts its lease is told so by its context, and does not overwrite
// what the next one has stored.
func TestOnceThatOutlastsItsLease(t *testing.T) {
	t.Parallel()
	eachKitInABubble(t, func(t *testing.T, k *handlertest.Kit, ada *handlertest.Visitor) {
		var all sync.WaitGroup
		working := make(chan struct{})
		all.Go(func() {
			_, err := onceIn(k, ada, func(ctx context.Context) (any, error) {
				close(working)
				<-ctx.Done()
				pass(time.Minute)
				return "too late", nil
			})
			if !errors.Is(err, session.ErrLeaseEnded) {
				t.Errorf("%v", err)
			}
		})
		<-working
		if got, err := onceIn(k, ada, answer("in time")); got != "in time" || err != nil {
			t.Errorf("%v, %v", got, err)
		}
		all.Wait()
		if got := ada.Session()["token"]; got != "in time" {
			t.Errorf("the session has %v", got)
		}
	})
}

// A deadline that is sooner than the lease shortens it.
func TestOnceWithADeadline(t *testing.T) {
	t.Parallel()
	eachKitInABubble(t, func(t *testing.T, k *handlertest.Kit, ada *handlertest.Visitor) {
		began := time.Now()
		ada.Get(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			s, err := k.Factory().Get(r)
			if err != nil {
				t.Error(err)
				return
			}
			ctx, cancel := context.WithTimeout(r.Context(), 3*time.Second)
			defer cancel()
			_, err = s.Once(ctx, "token", func(ctx context.Context) (any, error) {
				if end, ok := ctx.Deadline(); !ok || end.Sub(began) != 3*time.Second {
					t.Errorf("f's deadline is in %v", end.Sub(began))
				}
				k.Down()
				return nil, errors.New("crash")
			})
			if k.Up(); err == nil {
				t.Error("no error")
			}
		}), "/")
		if got, err := onceIn(k, ada, answer("next")); got != "next" || err != nil {
			t.Errorf("%v, %v", got, err)
		}
		if waited := time.Since(began); waited < 3*time.Second || waited > 4*time.Second {
			t.Errorf("the next one waited for %v", waited)
		}
	})
}

// A client that hangs up ends its own wait, and not the work that others wait for.
func TestOnceWhenTheClientHangsUp(t *testing.T) {
	t.Parallel()
	eachKitInABubble(t, func(t *testing.T, k *handlertest.Kit, ada *handlertest.Visitor) {
		var all sync.WaitGroup
		working, hungUp := make(chan struct{}), make(chan struct{})
		request := func(f func(ctx context.Context) (any, error)) (cancel func(), failure func() error) {
			var ctx context.Context
			var err error
			ctx, cancel = context.WithCancel(context.Background())
			var done sync.WaitGroup
			done.Add(1)
			all.Go(func() {
				defer done.Done()
				ada.Get(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
					var s *session.Session
					if s, err = k.Factory().Get(r); err == nil {
						_, err = s.Once(ctx, "token", f)
					}
				}), "/")
			})
			return cancel, func() error { done.Wait(); return err }
		}
		hangUp, worker := request(func(ctx context.Context) (any, error) {
			close(working)
			<-hungUp
			return "done", ctx.Err()
		})
		<-working
		leave, waiter := request(answer("not called"))
		_, other := request(answer("not called"))
		pass(time.Second)
		leave()
		if err := waiter(); !errors.Is(err, context.Canceled) {
			t.Errorf("the one that left: %v", err)
		}
		hangUp()
		close(hungUp)
		if err := errors.Join(worker(), other()); err != nil {
			t.Error(err)
		}
		all.Wait()
		if got := ada.Session()["token"]; got != "done" {
			t.Errorf("the session has %v", got)
		}
	})
}

// A logout in the middle of the work is not undone by its result, and ends the wait.
func TestOnceWhenTheSessionEnds(t *testing.T) {
	t.Parallel()
	eachKitInABubble(t, func(t *testing.T, k *handlertest.Kit, ada *handlertest.Visitor) {
		var all sync.WaitGroup
		working, loggedOut := make(chan struct{}), make(chan struct{})
		gone := func(f func(context.Context) (any, error)) {
			if _, err := onceIn(k, ada, f); !errors.Is(err, session.ErrGone) {
				t.Errorf("%v", err)
			}
		}
		all.Go(func() {
			gone(func(context.Context) (any, error) {
				close(working)
				<-loggedOut
				return "too late", nil
			})
		})
		<-working
		all.Go(func() { gone(answer("not called")) })
		pass(time.Second)
		ada.Logout()
		close(loggedOut)
		all.Wait()
		if got := ada.Session(); len(got) != 0 {
			t.Errorf("the session has %v", got)
		}
	})
}

// The claim of a request that works does not move to the new ID with a renewal by another
// one, which the work cannot follow: whoever comes then would wait for a lost result.
func TestOnceAfterARenewalElsewhere(t *testing.T) {
	t.Parallel()
	for name, renew := range map[string]func(s *session.Session, ctx context.Context) error{
		"Renew": (*session.Session).Renew,
		"Login": func(s *session.Session, ctx context.Context) error { return s.Login(ctx, "ada") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachKitInABubble(t, func(t *testing.T, k *handlertest.Kit, ada *handlertest.Visitor) {
				_, err := onceIn(k, ada, func(context.Context) (any, error) {
					ada.Get(k.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
						if s, err := session.FromRequest(r); err != nil || renew(s, r.Context()) != nil {
							t.Errorf("the renewal failed: %v", err)
						}
					})), "/")
					began := time.Now()
					if got, err := onceIn(k, ada, answer("new")); got != "new" || err != nil || time.Since(began) != 0 {
						t.Errorf("%v, %v after %v", got, err, time.Since(began))
					}
					return "lost", nil
				})
				if !errors.Is(err, session.ErrGone) {
					t.Errorf("%v", err)
				}
			})
		})
	}
}

// A function that calls Once for its own key, which would wait for itself, is told so at once.
func TestOnceInsideItself(t *testing.T) {
	t.Parallel()
	eachKitInABubble(t, func(t *testing.T, k *handlertest.Kit, ada *handlertest.Visitor) {
		began := time.Now()
		var s *session.Session
		again := func(ctx context.Context) (any, error) { return s.Once(ctx, "token", answer("inner")) }
		ada.Get(k.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			s, _ = session.FromRequest(r)
			for i, f := range []func(context.Context) (any, error){
				again,
				func(ctx context.Context) (any, error) { return s.Once(ctx, "other", again) },
			} {
				if _, err := s.Once(r.Context(), "token", f); err == nil || !strings.Contains(err.Error(), `calls Once for the key "token"`) || time.Since(began) != 0 {
					t.Errorf("%d: %v after %v", i, err, time.Since(began))
				}
			}
		})), "/")
		if got, err := onceIn(k, ada, answer("new")); got != "new" || err != nil || time.Since(began) != 0 {
			t.Errorf("%v, %v after %v", got, err, time.Since(began))
		}
	})
}

// When Redis is down nothing is done that could not be stored.
func TestOnceWhenTheStoreIsDown(t *testing.T) {
	t.Parallel()
	kits(t, func(t *testing.T, k *handlertest.Kit) {
		ada := k.Visitor()
		withOldToken(ada)
		k.Meanwhile(ada, k.Down)
		_, err := onceIn(k, ada, func(context.Context) (any, error) {
			t.Error("the work was done")
			return nil, nil
		})
		if k.Up(); !errors.Is(err, session.ErrUnavailable) {
			t.Errorf("%v", err)
		}
		if got, err := onceIn(k, ada, answer("done")); got != "done" || err != nil {
			t.Errorf("then: %v, %v", got, err)
		}
		// Down while the work is done: the save at the end of the request stores the result.
		ada.Get(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			s, err := k.Factory().Get(r)
			if err != nil {
				t.Error(err)
				return
			}
			_, err = s.Once(r.Context(), "token", func(context.Context) (any, error) {
				k.Down()
				return "precious", nil
			})
			if k.Up(); !errors.Is(err, session.ErrUnavailable) {
				t.Errorf("%v", err)
			}
		}), "/")
		if got := ada.Session()["token"]; got != "precious" {
			t.Errorf("the session has %v", got)
		}
		if got, err := onceIn(k, ada, answer("next")); got != "next" || err != nil {
			t.Errorf("the claim is still there: %v, %v", got, err)
		}
	})
}

// losingStore loses the answers of some Replaces.
type losingStore struct {
	*memStore
	lose func(n int64) bool
	n    atomic.Int64
}

func (l *losingStore) Replace(ctx context.Context, key string, guard, record []byte, ttl time.Duration) error {
	err := l.memStore.Replace(ctx, key, guard, record, ttl)
	if l.lose(l.n.Add(1)) {
		return errLostReply
	}
	return err
}

func TestOnceAndALostReply(t *testing.T) {
	for _, format := range formats {
		t.Run(format.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := &losingStore{memStore: newMemStore(), lose: func(int64) bool { return false }}
				f := newTestFactory(t, store, edits(ofFormat(format), discardLog))
				v := newVisitor(t, f)
				v.visit(func(s *session.Session) { s.Set("token", refreshed(0)) })
				once := func(f func(context.Context) (any, error)) (got any, err error) {
					v.visit(func(s *session.Session) { got, err = s.Once(t.Context(), "token", f) })
					return got, err
				}
				// The claim's: it stands, and nothing is done under it.
				store.n.Store(0)
				store.lose = func(n int64) bool { return n == 1 }
				_, err := once(func(context.Context) (any, error) {
					t.Error("the work was done")
					return nil, nil
				})
				if !errors.Is(err, session.ErrUnavailable) {
					t.Errorf("%v", err)
				}
				began := time.Now()
				if got, err := once(answer("done")); got != "done" || err != nil || time.Since(began) < session.OnceLease {
					t.Errorf("%v, %v, after %v", got, err, time.Since(began))
				}
				// The result's: it is stored once.
				store.n.Store(0)
				store.lose = func(n int64) bool { return n == 2 }
				if _, err := once(answer("precious")); !errors.Is(err, session.ErrUnavailable) {
					t.Errorf("%v", err)
				}
				v.visit(func(s *session.Session) {
					if got, _ := s.Get("token"); got != "precious" {
						t.Errorf("the session has %v", got)
					}
				})
				began = time.Now()
				if got, err := once(answer("next")); got != "next" || err != nil || time.Since(began) != 0 {
					t.Errorf("%v, %v, after %v", got, err, time.Since(began))
				}
			})
		})
	}
}

// The clocks of two servers may be five seconds apart.
func TestOnceAndClocks(t *testing.T) {
	for _, ahead := range []time.Duration{-4 * time.Second, 4 * time.Second, time.Hour} {
		t.Run(ahead.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := newMemStore()
				here, there := newTestFactory(t, store, nil), newTestFactory(t, store, nil)
				session.SetClock(there, func() time.Time { return time.Now().Add(ahead) })
				v := newVisitor(t, here)
				v.visit(func(s *session.Session) { s.Set("token", refreshed(0)) })
				var all sync.WaitGroup
				working := make(chan struct{})
				all.Go(func() {
					v.at(there).visit(func(s *session.Session) {
						_, err := s.Once(t.Context(), "token", func(context.Context) (any, error) {
							close(working)
							pass(29 * time.Second)
							return "done", nil
						})
						if err != nil {
							t.Error(err)
						}
					})
				})
				<-working
				v.visit(func(s *session.Session) {
					if got, err := s.Once(t.Context(), "token", answer("done twice")); got != "done" || err != nil {
						t.Errorf("%v, %v", got, err)
					}
				})
				all.Wait()
			})
		})
	}
}

func TestOnceInANewSession(t *testing.T) {
	t.Parallel()
	kits(t, func(t *testing.T, k *handlertest.Kit) {
		ada := k.Visitor()
		if got, err := onceIn(k, ada, answer("first")); got != "first" || err != nil {
			t.Errorf("%v, %v", got, err)
		}
		if got := ada.Session()["token"]; got != "first" || k.RoundTrips() != 1 {
			t.Errorf("the session has %v, after %d round trips", got, k.RoundTrips())
		}
		if got, err := onceIn(k, ada, answer("second")); got != "second" || err != nil {
			t.Errorf("%v, %v", got, err)
		}
	})
}

func TestOnceAfterAClear(t *testing.T) {
	t.Parallel()
	kits(t, func(t *testing.T, k *handlertest.Kit) {
		ada := k.Visitor()
		withOldToken(ada)
		ada.Set("cart", "full")
		ada.Get(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			if s, err := k.Factory().Get(r); err == nil {
				s.Clear()
				s.Set("a", 1)
				got, err := s.Once(r.Context(), "token", func(context.Context) (any, error) {
					if got := ada.Session(); len(got) != 1 || got["a"] != 1 {
						t.Errorf("before the work the session has %v", got)
					}
					return "new", nil
				})
				if got != "new" || err != nil {
					t.Errorf("%v, %v", got, err)
				}
			}
		}), "/")
		if got := ada.Session(); len(got) != 2 || got["token"] != "new" || got["a"] != 1 {
			t.Errorf("the session has %v", got)
		}
		// By another request, in the middle of the work.
		var err error
		ada.Get(withFactory(k, func(s *session.Session) {
			s.Set("token", "before")
			_, err = s.Once(t.Context(), "token", func(context.Context) (any, error) {
				ada.Get(withFactory(k, func(s *session.Session) { s.Clear() }), "/")
				return "too late", nil
			})
		}), "/")
		if got := ada.Session(); !errors.Is(err, session.ErrLeaseEnded) || len(got) != 0 {
			t.Errorf("%v, and the session has %v", err, got)
		}
	})
}

func withFactory(k *handlertest.Kit, use func(s *session.Session)) http.Handler {
	return http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if s, err := k.Factory().Get(r); err == nil {
			use(s)
		}
	})
}

// f may use the session, renew it, and let others change it.
func TestOnceThatUsesTheSession(t *testing.T) {
	t.Parallel()
	kits(t, func(t *testing.T, k *handlertest.Kit) {
		ada := k.Visitor()
		withOldToken(ada)
		ada.Get(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			s, err := k.Factory().Get(r)
			if err != nil {
				t.Error(err)
				return
			}
			got, err := s.Once(r.Context(), "token", func(ctx context.Context) (any, error) {
				s.Set("by", "f")
				other, err := s.Once(ctx, "other", answer("other"))
				if other != "other" || err != nil {
					t.Errorf("%v, %v", other, err)
				}
				ada.Set("cart", "full")
				return "new", s.Renew(ctx)
			})
			if got != "new" || err != nil {
				t.Errorf("%v, %v", got, err)
			}
		}), "/")
		if got := ada.Session(); got["token"] != "new" || got["by"] != "f" || got["other"] != "other" || got["cart"] != "full" {
			t.Errorf("the session has %v", got)
		}
		ada.Get(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			s, err := k.Factory().Get(r)
			if err == nil {
				_, err = s.Once(r.Context(), "token", func(ctx context.Context) (any, error) { return "too late", s.Invalidate(ctx) })
			}
			if !errors.Is(err, session.ErrGone) {
				t.Errorf("%v", err)
			}
		}), "/")
		if got := ada.Session(); len(got) != 0 {
			t.Errorf("after a logout by f the session has %v", got)
		}
	})
}

// f may empty the session, which takes the claim away too: the result comes after that.
func TestOnceThatClears(t *testing.T) {
	t.Parallel()
	kits(t, func(t *testing.T, k *handlertest.Kit) {
		ada := k.Visitor()
		withOldToken(ada)
		ada.Set("cart", "full")
		ada.Get(k.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			s, err := session.FromRequest(r)
			if err != nil {
				t.Error(err)
				return
			}
			got, err := s.Once(r.Context(), "token", func(context.Context) (any, error) {
				s.Clear()
				s.Set("by", "f")
				return "new", nil
			})
			if now, _ := s.Get("token"); got != "new" || err != nil || now != "new" {
				t.Errorf("%v, %v; the session has %v", got, err, now)
			}
			if stored := ada.Session(); stored["token"] != "new" || stored["by"] != "f" || stored["cart"] != nil {
				t.Errorf("when Once returns the record has %v", stored)
			}
		})), "/")
		if got, err := onceIn(k, ada, answer("next")); got != "next" || err != nil {
			t.Errorf("%v, %v", got, err)
		}
	})
}

// The one that works sends two commands beside its load. One that finds the work done when
// it makes its claim sends one.
func TestOnceRoundTrips(t *testing.T) {
	t.Parallel()
	kits(t, func(t *testing.T, k *handlertest.Kit) {
		ada := k.Visitor()
		withOldToken(ada)
		before := k.RoundTrips()
		if _, err := onceIn(k, ada, answer("one")); err != nil {
			t.Error(err)
		}
		if n := k.RoundTrips() - before; n != 3 {
			t.Errorf("the one that works: %d", n)
		}
		inner := 0
		k.Meanwhile(ada, func() {
			before := k.RoundTrips()
			_, _ = onceIn(k, ada, answer("two"))
			inner = k.RoundTrips() - before
		})
		before = k.RoundTrips()
		if got, _ := onceIn(k, ada, answer("three")); got != "two" {
			t.Errorf("%v", got)
		}
		if n := k.RoundTrips() - before - inner; n != 2 {
			t.Errorf("the one that comes late: %d", n)
		}
	})
	eachKitInABubble(t, func(t *testing.T, k *handlertest.Kit, ada *handlertest.Visitor) {
		before := k.RoundTrips()
		var all sync.WaitGroup
		working := make(chan struct{})
		all.Go(func() {
			_, _ = onceIn(k, ada, func(context.Context) (any, error) {
				close(working)
				pass(20 * time.Second)
				return "done", nil
			})
		})
		<-working
		if got, err := onceIn(k, ada, answer("not called")); got != "done" || err != nil {
			t.Errorf("%v, %v", got, err)
		}
		all.Wait()
		if n := k.RoundTrips() - before; n < 60 || n > 140 { // 20 s by pauses of 160 to 320 ms
			t.Errorf("%d round trips", n)
		}
	})
}

// Once converts what another request has stored.
func TestOnceTyped(t *testing.T) {
	t.Parallel()
	type token struct {
		Access string
		Until  time.Time
	}
	want := token{"abc", time.Date(2026, 11, 26, 17, 0, 0, 0, time.UTC)}
	k := handlertest.New(t)
	ada := k.Visitor()
	ada.Set("token", token{})
	api := func(f func(context.Context) (token, error)) (got token, err error) {
		ada.Get(withFactory(k, func(s *session.Session) { got, err = session.Once(t.Context(), s, "token", f) }), "/")
		return got, err
	}
	k.Meanwhile(ada, func() {
		if got, err := api(func(context.Context) (token, error) { return want, nil }); got != want || err != nil {
			t.Errorf("%v, %v", got, err)
		}
	})
	if got, err := api(func(context.Context) (token, error) { return token{}, nil }); got != want || err != nil {
		t.Errorf("%v, %v", got, err)
	}
	k.Meanwhile(ada, func() { ada.Set("token", "text") })
	if _, err := api(func(context.Context) (token, error) { return want, nil }); err == nil {
		t.Error("text is a token")
	}
	if _, err := api(func(context.Context) (token, error) { return token{}, errors.New("down") }); err == nil || err.Error() != "down" {
		t.Errorf("%v", err)
	}
}

func readBody(t *testing.T, resp *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Error(err)
	}
	return string(b)
}
