package faults_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/pyramidgo/redissessions/connect"
	"github.com/pyramidgo/redissessions/connect/goredis"
	"github.com/pyramidgo/redissessions/internal/connecttest"
	"github.com/pyramidgo/redissessions/session"
)

// answerTime is a socket time-out. An answer takes up to one and a half, or a quarter more with
// a retry.
const answerTime = 3 * time.Second

// visitAll makes one request of every visitor at once, and returns the answers
// and how long the slowest took.
func visitAll(visitors []*visitor, method string) (answers []answer, slowest time.Duration) {
	answers = make([]answer, len(visitors))
	var wg sync.WaitGroup
	for i, v := range visitors {
		wg.Go(func() { answers[i], _ = v.visit(method) })
	}
	wg.Wait()
	for _, a := range answers {
		slowest = max(slowest, a.took)
	}
	return answers, slowest
}

// A server that does not answer: visitors get a 503 within twice the socket
// time-out, and so do those who have to wait for a connection. A request that
// does not use its session does not wait for anything.
func TestDownIsAnsweredInTime(t *testing.T) {
	t.Parallel()
	forEachConnector(t, func(t *testing.T, via connection) {
		srv := connecttest.RedisServer(t)
		via.options.PoolSize = 2
		s := newSite(t, via.to(srv.URL(), answerTime))
		visitors := threeVisitors(t, s)
		visitors = append(visitors, threeVisitors(t, s)...)
		srv.Pause()
		defer srv.Resume()

		for _, method := range []string{http.MethodGet, http.MethodPost} {
			answers, slowest := visitAll(visitors, method)
			for _, a := range answers {
				if a.status != http.StatusServiceUnavailable {
					t.Errorf("%s: got %d %q, want 503", method, a.status, a.text)
				}
			}
			if slowest > 2*answerTime {
				t.Errorf("%s: the slowest answer took %v, want at most %v", method, slowest, 2*answerTime)
			}
		}
		unused := s.sessions.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("page")) }))
		r := httptest.NewRequest(http.MethodGet, "http://example.test/", nil)
		r.AddCookie(visitors[0].cookie)
		w := httptest.NewRecorder()
		took := connecttest.Ran(func() { unused.ServeHTTP(w, r) })
		if w.Code != http.StatusOK || took > answerTime/2 {
			t.Errorf("without its session a request got %d after %v", w.Code, took)
		}
	})
}

// With AnonymousWhenDown a request that only reads gets a page without a session,
// and one that changes something an error. The cookie is neither deleted nor
// replaced.
func TestDownAnonymous(t *testing.T) {
	t.Parallel()
	forEachConnector(t, func(t *testing.T, via connection) {
		srv := connecttest.RedisServer(t)
		s := newSite(t, via.to(srv.URL(), answerTime), func(o *session.Options) { o.AnonymousWhenDown = true })
		visitors := threeVisitors(t, s)
		srv.Pause()
		defer srv.Resume()
		for method, want := range map[string]int{http.MethodGet: http.StatusOK, http.MethodPost: http.StatusServiceUnavailable} {
			before := visitors[0].cookie
			answers, slowest := visitAll(visitors, method)
			for _, a := range answers {
				if a.status != want || want == http.StatusOK && a.text != "0 " {
					t.Errorf("%s: got %d %q, want %d", method, a.status, a.text, want)
				}
			}
			if slowest > 2*answerTime {
				t.Errorf("%s: the slowest answer took %v, want at most %v", method, slowest, 2*answerTime)
			}
			if visitors[0].cookie != before {
				t.Errorf("%s: the visitor was sent the cookie %v", method, visitors[0].cookie)
			}
		}
	})
}

// Redis is not there when the program starts, which does not wait for it, and
// is found when it comes.
func TestLazyConnectFindsItLater(t *testing.T) {
	t.Parallel()
	forEachConnector(t, func(t *testing.T, via connection) {
		srv := connecttest.RedisServer(t)
		srv.Kill()
		via.options.LazyConnect = true
		s := newSite(t, via.to(srv.URL(), patient))
		v := &visitor{name: "Ada", site: s}
		if got, _ := v.visit(http.MethodPost); got.status != http.StatusServiceUnavailable {
			t.Errorf("without Redis: got %d %q", got.status, got.text)
		}
		srv.Restart()
		mustVisit(t, v, http.MethodPost)
	})
}

// A custom connector picks one of two servers by the request's host. When one
// of them dies, the other's visitors notice nothing.
func TestOneOfTwoServersDown(t *testing.T) {
	t.Parallel()
	servers := map[string]*connecttest.Server{"tea.example": connecttest.RedisServer(t), "coffee.example": connecttest.RedisServer(t)}
	stores := map[string]session.Store{}
	for host, srv := range servers {
		store, err := goredis.Connect(t.Context(), connect.Options{URL: srv.URL()})
		if err != nil {
			t.Fatal(err)
		}
		defer store.Close()
		stores[host] = store
	}
	nowhere := connection{connect: func(context.Context, connect.Options) (session.Store, error) { return nil, nil }}
	s := newSite(t, nowhere, func(o *session.Options) {
		o.StoreFor = func(r *http.Request) (session.Store, error) { return stores[r.Host], nil }
	})
	visit := func(host string) int {
		r := httptest.NewRequest(http.MethodPost, "http://"+host+"/", nil)
		w := httptest.NewRecorder()
		s.page.ServeHTTP(w, r)
		return w.Code
	}
	for host, srv := range servers {
		if code := visit(host); code != http.StatusOK {
			t.Errorf("%s: got %d", host, code)
		}
		if n := srv.Client().DBSize(t.Context()).Val(); n != 1 {
			t.Errorf("%s: its server has %d records, want its own", host, n)
		}
	}
	servers["tea.example"].Kill()
	if tea, coffee := visit("tea.example"), visit("coffee.example"); tea != http.StatusServiceUnavailable || coffee != http.StatusOK {
		t.Errorf("got %d where Redis is down and %d elsewhere", tea, coffee)
	}
}
