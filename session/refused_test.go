package session_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/pyramidgo/redissessions/session"
)

// errPlain is what a store returns that knows nothing of this package's errors.
var errPlain = errors.New("the database said no")

// TestRefusalIsNotAnOutage checks the three things that a store's error can mean:
// it is down, it refuses, or the request is over. Only a store that is down lets a
// request go on without its session, where the operator chose that; the others
// would show a visitor who is logged in a stranger's page.
func TestRefusalIsNotAnOutage(t *testing.T) {
	refused := fmt.Errorf("%w: %w", errPlain, session.ErrRefused)
	for name, test := range map[string]struct {
		err       error
		hangUp    bool // the client does, before the load
		late      bool // the request's deadline has passed
		down      bool // ErrUnavailable
		anonymous int  // status with AnonymousWhenDown
		status    int  // status without
		level     string
	}{
		"down":                       {err: fmt.Errorf("%w: %w", errPlain, session.ErrUnavailable), down: true, anonymous: 200, status: 503, level: "ERROR"},
		"an error of another kind":   {err: errPlain, down: true, anonymous: 200, status: 503, level: "ERROR"},
		"refused":                    {err: refused, anonymous: 500, status: 500, level: "ERROR"},
		"the client hung up":         {err: context.Canceled, hangUp: true, anonymous: 500, status: 500, level: "INFO"},
		"the application cancelled":  {err: fmt.Errorf("load: %w", context.Canceled), anonymous: 500, status: 500, level: "ERROR"},
		"down, and a hang-up":        {err: errPlain, hangUp: true, down: true, anonymous: 503, status: 503, level: "ERROR"},
		"both, and a hang-up":        {err: errors.Join(session.ErrUnavailable, context.Canceled), hangUp: true, down: true, anonymous: 503, status: 503, level: "INFO"},
		"the request's time is over": {err: context.DeadlineExceeded, late: true, down: true, anonymous: 503, status: 503, level: "ERROR"},
	} {
		for _, anonymous := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, anonymous %v", name, anonymous), func(t *testing.T) {
				inEachFormat(t, func(t *testing.T, store *memStore, format func(*session.Options)) {
					var log bytes.Buffer
					f := newTestFactory(t, store, func(o *session.Options) {
						format(o)
						logLines(o, &log)
						o.AnonymousWhenDown = anonymous
					})
					v := started(t, f)
					log.Reset()
					store.err = test.err
					ctx, cancel := context.WithCancel(t.Context())
					defer cancel()
					if test.hangUp {
						cancel()
					}
					if test.late {
						var done context.CancelFunc
						ctx, done = context.WithDeadline(ctx, time.Now().Add(-time.Second))
						defer done()
					}
					w := httptest.NewRecorder()
					f.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
						if _, err := f.Get(r); err != nil && (errors.Is(err, session.ErrUnavailable) != test.down || !errors.Is(err, test.err)) {
							t.Errorf("Get: ErrUnavailable is %v: %v", !test.down, err)
						}
						_, _ = io.WriteString(w, "a stranger's page")
					})).ServeHTTP(w, v.request().WithContext(ctx))
					want := test.status
					if anonymous {
						want = test.anonymous
					}
					if w.Code != want || (want != 200) == strings.Contains(w.Body.String(), "stranger") {
						t.Errorf("status %d, body %q; want %d", w.Code, w.Body, want)
					}
					if strings.Contains(w.Body.String(), errPlain.Error()) {
						t.Error("the visitor is told what the store said")
					}
					level := test.level
					if want == 200 {
						level = "WARN"
					}
					if got := log.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, "level="+level) {
						t.Errorf("log: %s\nwant one line, %s", got, level)
					}
				})
			})
		}
	}
}

// A refused save, logout, renewal or token is a 500, whose log says why.
func TestRefusedWrites(t *testing.T) {
	for step, do := range failing {
		var log bytes.Buffer
		store := newMemStore()
		f := newTestFactory(t, store, func(o *session.Options) { logLines(o, &log); o.AnonymousWhenDown = true })
		resp := started(t, f).serve(func(_ http.ResponseWriter, r *http.Request) {
			var s *session.Session
			if do.load {
				s, _ = f.Get(r)
			}
			store.err = fmt.Errorf("%w: %w", errPlain, session.ErrRefused)
			if err := do.call(f, s, r); errors.Is(err, session.ErrUnavailable) || !errors.Is(err, session.ErrRefused) {
				t.Errorf("%s: %v", step, err)
			}
		})
		if resp.StatusCode != http.StatusInternalServerError || !strings.Contains(log.String(), errPlain.Error()) {
			t.Errorf("%s: status %d, log: %s", step, resp.StatusCode, &log)
		}
	}
}

// A client of a real server that leaves during the load writes no line at Error.
func TestClientHangsUpDuringTheLoad(t *testing.T) {
	var log bytes.Buffer
	loading, done := make(chan struct{}), make(chan struct{})
	store := newMemStore()
	f := newTestFactory(t, waitsForCaller{store, loading}, func(o *session.Options) { logLines(o, &log); o.AnonymousWhenDown = true })
	cookie := seed(t, newTestFactory(t, store, nil))
	server := startServer(t, "HTTP/1.1", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer close(done)
		f.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			if _, err := f.Get(r); !errors.Is(err, context.Canceled) || errors.Is(err, session.ErrUnavailable) {
				t.Errorf("Get: %v", err)
			}
		})).ServeHTTP(w, r)
	}))
	ctx, hangUp := context.WithCancel(t.Context())
	go func() { <-loading; hangUp() }()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.AddCookie(cookie)
	if resp, err := server.Client().Do(r); err == nil {
		resp.Body.Close()
		t.Error("the client got an answer")
	}
	<-done
	if got := log.String(); strings.Contains(got, "level=ERROR") || strings.Contains(got, "level=WARN") {
		t.Errorf("log: %s", got)
	}
}

// waitsForCaller is a store whose loads end when the caller leaves.
type waitsForCaller struct {
	session.Store
	loading chan struct{}
}

func (s waitsForCaller) Load(ctx context.Context, _ string, _ time.Duration) ([]byte, error) {
	close(s.loading)
	<-ctx.Done()
	return nil, fmt.Errorf("load: %w", ctx.Err())
}
