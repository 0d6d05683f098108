package faults_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/pyramidgo/redissessions/internal/connecttest"
	"github.com/pyramidgo/redissessions/session"
)

// losing is a site behind a proxy that can lose replies, and its visitor.
type losing struct {
	*visitor
	t     *testing.T
	proxy *connecttest.RecordingProxy
}

// newLosing returns a visitor who has saved once, so that the server knows the
// scripts.
func newLosing(t *testing.T, via connection, adjust ...func(*session.Options)) *losing {
	t.Helper()
	proxy := connecttest.Proxy(t, connecttest.RedisServer(t).Addr())
	s := newSite(t, via.to(proxy.URL(), patient), adjust...)
	l := &losing{&visitor{name: "Ada", site: s}, t, proxy}
	for range 2 {
		mustVisit(t, l.visitor, http.MethodPost)
	}
	return l
}

// request makes a request that changes its session, and whose save loses
// replies.
func (l *losing) request(change func(ctx context.Context, se *session.Session) error, lose func()) {
	l.t.Helper()
	page := l.site.page
	defer func() { l.site.page = page }()
	l.site.page = l.site.sessions.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		se, err := l.site.sessions.Get(r)
		if err != nil {
			l.t.Error(err)
			return
		}
		lose()
		if err := change(r.Context(), se); err != nil {
			l.t.Error(err)
		}
	}))
	l.proxy.Reset()
	got, _ := l.visit(http.MethodHead) // the page is not that which visit looks at
	if got.status != http.StatusOK || l.proxy.Lost() == 0 {
		l.t.Errorf("got %d %q after %d lost replies", got.status, got.text, l.proxy.Lost())
	}
}

func countOn(_ context.Context, se *session.Session) error {
	se.Modify("saves", oneMore)
	return nil
}

// A save whose answer is lost, once or twice, is made exactly once.
func TestLostReplyOfSave(t *testing.T) {
	t.Parallel()
	forEachConnector(t, func(t *testing.T, via connection) {
		l := newLosing(t, via)
		for n := range 20 {
			l.request(countOn, func() { l.proxy.LoseReplies(1 + n%2) })
			l.known = 2 + n + 1
			mustVisit(t, l.visitor, http.MethodGet)
		}
	})
}

// So is the save of a large session, which takes two commands in one round trip: the answer to
// one of them is lost, or to both.
func TestLostReplyOfLargeSave(t *testing.T) {
	t.Parallel()
	forEachConnector(t, func(t *testing.T, via connection) {
		l := newLosing(t, via)
		for n := range 20 {
			l.request(func(ctx context.Context, se *session.Session) error {
				se.Set("filling", strings.Repeat(string(rune('a'+n)), 20_000))
				return countOn(ctx, se)
			}, func() {
				if n%3 == 0 {
					l.proxy.LoseReplyAfter(1)
				} else {
					l.proxy.LoseReplies(n % 3)
				}
			})
			l.known = 2 + n + 1
			mustVisit(t, l.visitor, http.MethodGet)
			if keys := recordsIn(t, l); keys != 1 {
				t.Errorf("%d records, want 1", keys)
			}
		}
	})
}

// So is the first save of a session: there is one record, and the visitor has
// the cookie for it.
func TestLostReplyOfFirstSave(t *testing.T) {
	t.Parallel()
	forEachConnector(t, func(t *testing.T, via connection) {
		l := newLosing(t, via)
		for n := range 4 {
			l.cookie, l.known = nil, 0
			l.request(func(ctx context.Context, se *session.Session) error {
				se.Set("name", l.name)
				return countOn(ctx, se)
			}, func() { l.proxy.LoseReplies(1 + n%2) })
			l.known = 1
			mustVisit(t, l.visitor, http.MethodGet)
			if keys := recordsIn(t, l); keys != 2+n {
				t.Errorf("%d records, want %d", keys, 2+n)
			}
		}
	})
}

// A renewal loses the answer to its first command, and to its second. In the
// Pyramid formats the second one removes the old record.
func TestLostReplyOfRenew(t *testing.T) {
	t.Parallel()
	forEachConnector(t, func(t *testing.T, via connection) {
		for _, format := range []session.Format{session.FormatNative, session.FormatPyramidRedisSessions} {
			testLostReplyOfRenew(t, newLosing(t, via, func(o *session.Options) { o.Format = format }))
		}
	})
}

func testLostReplyOfRenew(t *testing.T, l *losing) {
	t.Helper()
	for n := range 6 {
		old := l.cookie.Value
		l.request(func(ctx context.Context, se *session.Session) error {
			_ = countOn(ctx, se)
			return se.Renew(ctx)
		}, func() { l.proxy.LoseReplyAfter(n % 2) })
		if l.cookie == nil || l.cookie.Value == old {
			t.Fatalf("the visitor has the cookie %v, want a new one", l.cookie)
		}
		l.known = 2 + n + 1
		mustVisit(t, l.visitor, http.MethodGet)
	}
}

// A logout whose answer is lost is done, and the visitor begins anew.
func TestLostReplyOfInvalidate(t *testing.T) {
	t.Parallel()
	forEachConnector(t, func(t *testing.T, via connection) {
		l := newLosing(t, via)
		for range 2 { // the first time, the answer is that the script is not known
			l.request(func(ctx context.Context, se *session.Session) error { return se.Invalidate(ctx) },
				func() { l.proxy.LoseReplies(1) })
			wantNothingLeft(t, l)
		}
	})
}

// So is the removal of a session that was emptied.
func TestLostReplyOfEmptying(t *testing.T) {
	t.Parallel()
	forEachConnector(t, func(t *testing.T, via connection) {
		l := newLosing(t, via, func(o *session.Options) { o.InvalidateEmpty = true })
		for range 2 {
			l.request(func(_ context.Context, se *session.Session) error { se.Clear(); return nil },
				func() { l.proxy.LoseReplies(1) })
			wantNothingLeft(t, l)
		}
	})
}

func wantNothingLeft(t *testing.T, l *losing) {
	t.Helper()
	if keys := recordsIn(t, l); keys != 0 || l.cookie != nil {
		t.Errorf("%d records are left, and the cookie %v", keys, l.cookie)
	}
	l.known = 0
	mustVisit(t, l.visitor, http.MethodPost)
}

// recordsIn counts the records. It goes by the proxy, for it has the address.
func recordsIn(t *testing.T, l *losing) int {
	t.Helper()
	keys, err := clientOf(t, l.proxy).Keys(t.Context(), "*").Result()
	if err != nil {
		t.Error(err)
	}
	return len(keys)
}

func clientOf(t *testing.T, proxy *connecttest.RecordingProxy) *redis.Client {
	t.Helper()
	c := redis.NewClient(&redis.Options{Addr: proxy.Addr(), Protocol: 2, DisableIdentity: true})
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// A save whose answer is lost while another request makes an equal change: natively
// both count. The records of the Pyramid formats cannot tell whose change it was, so
// that the visitor gets a 503, and the change is made once or not at all.
func TestLostReplyBesideAnEqualEdit(t *testing.T) {
	t.Parallel()
	forEachConnector(t, func(t *testing.T, via connection) {
		for _, format := range []session.Format{session.FormatNative, session.FormatPyramidRedisSessions, session.FormatPyramidSessionRedis} {
			l := newLosing(t, via, func(o *session.Options) { o.Format = format })
			count := l.page(t, countOn, nil)
			const saves = 2 // those of newLosing
			status := l.status(l.page(t, countOn, func() { l.proxy.LoseReplies(1) }))
			if l.proxy.Lost() == 0 {
				t.Fatal("no reply was lost")
			}
			if got := l.status(count); got != http.StatusOK {
				t.Errorf("%s: the other request got %d", format, got)
			}
			var n int
			l.status(l.page(t, func(_ context.Context, se *session.Session) error {
				n, _ = session.Value[int](se, "saves")
				return nil
			}, nil))
			native := format == session.FormatNative
			if ok := status == http.StatusOK; ok != native || !native && status != http.StatusServiceUnavailable {
				t.Errorf("%s: the request whose answer was lost got %d", format, status)
			}
			if n != saves+2 && (native || n != saves+1) {
				t.Errorf("%s: %d saves are there; 2 were made before, 1 or 2 now", format, n)
			}
		}
	})
}

// page returns a page that changes the session; before is called after the load.
func (l *losing) page(t *testing.T, change func(ctx context.Context, se *session.Session) error, before func()) http.Handler {
	return l.site.sessions.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		se, err := l.site.sessions.Get(r)
		if err != nil {
			t.Error(err)
			return
		}
		if before != nil {
			before()
		}
		if err := change(r.Context(), se); err != nil {
			t.Error(err)
		}
	}))
}

// status sends the visitor's cookie to a page and returns the status.
func (l *losing) status(page http.Handler) int {
	r := httptest.NewRequest(http.MethodPost, "/", nil)
	r.AddCookie(l.cookie)
	w := httptest.NewRecorder()
	page.ServeHTTP(w, r)
	return w.Code
}
