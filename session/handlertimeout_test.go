package session_test

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/pyramidgo/redissessions/session"
)

// counted counts the requests that come in. The handler counts them out.
func counted(wg *sync.WaitGroup, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		wg.Add(1)
		next.ServeHTTP(w, r)
	})
}

// givenUp tells when http.TimeoutHandler begins the answer that it sends in
// place of the handler's.
type givenUp struct {
	http.ResponseWriter
	begun chan struct{}
}

func (g *givenUp) WriteHeader(code int) {
	close(g.begun)
	g.ResponseWriter.WriteHeader(code)
}

type givenUpKey struct{}

// watched lets a handler inside of an http.TimeoutHandler see the givenUp that
// the latter answers to.
func watched(slow http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g := &givenUp{w, make(chan struct{})}
		slow.ServeHTTP(g, r.WithContext(context.WithValue(r.Context(), givenUpKey{}, g)))
	})
}

// A handler that http.TimeoutHandler has given up on goes on beside the answer
// that is sent in its place: it uses its session while that is saved. The race
// detector watches.
func TestHandlerInsideTimeoutHandlerGivenUp(t *testing.T) {
	for _, protocol := range protocols {
		f := newTestFactory(t, newMemStore(), discardLog)
		var late sync.WaitGroup
		slow := http.TimeoutHandler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			defer late.Done()
			s, err := f.Get(r)
			if err != nil {
				t.Error(err)
				return
			}
			<-r.Context().Value(givenUpKey{}).(*givenUp).begun
			s.Set("k", "v")
			_ = s.Renew(r.Context())
			_, _ = s.CSRFToken(r.Context())
			_ = f.Invalidate(r)
		}), time.Millisecond, "too slow")
		server := startServer(t, protocol, counted(&late, f.Handler(watched(slow))))
		for range 20 {
			// A cookie each: one's late logout is not the next one's affair.
			if got := ask(t, server, http.MethodGet, seed(t, f)); got.StatusCode != http.StatusServiceUnavailable || got.body != "too slow" {
				t.Errorf("%s: status %d, body %q", protocol, got.StatusCode, got.body)
			}
		}
		late.Wait()
	}
}

// Outside, http.TimeoutHandler throws the late answer away with its cookie, and
// the handler's own end is without consequence for the next one.
func TestHandlerOutsideTimeoutHandlerGivenUp(t *testing.T) {
	for _, protocol := range protocols {
		f := newTestFactory(t, newMemStore(), discardLog)
		cookie := seed(t, f)
		var late sync.WaitGroup
		slow := http.TimeoutHandler(f.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			defer late.Done()
			s, err := f.Get(r)
			if err != nil {
				t.Error(err)
				return
			}
			<-r.Context().Value(givenUpKey{}).(*givenUp).begun
			s.Set("kept", true)
			w.WriteHeader(http.StatusOK)
		})), time.Millisecond, "too slow")
		server := startServer(t, protocol, counted(&late, watched(slow)))
		if got := ask(t, server, http.MethodGet, cookie); got.StatusCode != http.StatusServiceUnavailable {
			t.Errorf("%s: status %d", protocol, got.StatusCode)
		}
		late.Wait()
		v := newVisitor(t, f)
		v.keep(cookie)
		v.visit(func(s *session.Session) {
			if !s.Has("kept") {
				t.Errorf("%s: what the visitor did was lost", protocol)
			}
		})
	}
}
