package session_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pyramidgo/redissessions/session"
)

// A logout with several cookies passes over a record that a load passes over, because its
// time is over: it ends the session that the request would open.
func TestLogoutPassesOverWhatHasEnded(t *testing.T) {
	begin := func(t *testing.T, f *session.Factory) string {
		v := newVisitor(t, f)
		v.visit(func(s *session.Session) { s.Set("user", "ann"); s.AdjustTimeout(time.Hour) })
		return v.request().Header.Get("Cookie")
	}
	for _, format := range formats {
		for way, logout := range logouts {
			for name, deploy := range map[string]func(o *session.Options){
				"valid since": func(o *session.Options) { o.ValidSince = time.Now() },
				"absolute":    func(o *session.Options) { o.AbsoluteTimeout = 2 * time.Minute },
				"both":        func(o *session.Options) { o.AbsoluteTimeout, o.ValidSince = 2*time.Minute, time.Now() },
			} {
				t.Run(format.String()+"/"+way+"/"+name, func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						store := newMemStore()
						over := begin(t, newTestFactory(t, store, edits(discardLog, ofFormat(format))))
						pass(3 * time.Minute)
						f := newTestFactory(t, store, edits(discardLog, ofFormat(format), deploy))
						cookies := begin(t, f) + "; " + over // Python reads the last one first
						logsOut(t, f, cookies, logout)
					})
				})
			}
		}
	}
}

// It passes over a record that cannot be read too, as a load does, and removes it.
func TestLogoutPassesOverWhatCannotBeRead(t *testing.T) {
	for _, format := range formats {
		for way, logout := range logouts {
			t.Run(format.String()+"/"+way, func(t *testing.T) {
				store := newMemStore()
				f := newTestFactory(t, store, edits(discardLog, ofFormat(format)))
				damaged := owned(t, f, "ann")
				damage(store)
				cookies := owned(t, f, "ann") + "; " + damaged
				logsOut(t, f, cookies, logout)
			})
		}
	}
}

// logsOut fails the test when the visitor with these cookies is logged in after a logout.
func logsOut(t *testing.T, f *session.Factory, cookies string, logout func(*session.Factory, *http.Request) error) {
	t.Helper()
	r, w := httptest.NewRequest(http.MethodGet, "/", nil), httptest.NewRecorder()
	r.Header.Set("Cookie", cookies)
	f.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if err := logout(f, r); err != nil {
			t.Error(err)
		}
	})).ServeHTTP(w, r)
	rawVisit(t, f, testURL, []string{cookies}, func(s *session.Session) {
		if s.Has("user") {
			t.Error("the visitor is still logged in")
		}
	})
}
