package dbsc_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/pyramidgo/redissessions/session"
	"github.com/pyramidgo/redissessions/session/dbsc"
)

func discardLog(o *session.Options) { o.Logger = slog.New(slog.DiscardHandler) }

// forgetRegistration makes the registration of every record long ago, so that no grace
// counts.
func (b *browser) forgetRegistration() {
	b.t.Helper()
	b.site.store.mu.Lock()
	defer b.site.store.mu.Unlock()
	const registered = 90 + 41 // behind the header's front, in the state
	for _, r := range b.site.store.records {
		if len(r.data) < registered+8 {
			continue // the marker of a renewed session
		}
		copy(r.data[registered:registered+8], []byte{0, 0, 1, 0, 0, 0, 0, 0})
	}
}

// BenchmarkRead is a request that reads its session, which is bound or not. The difference
// is what the binding costs an ordinary request.
func BenchmarkRead(b *testing.B) {
	for name, bind := range map[string]session.Binder{"bound": dbsc.Options{Refresh: 24 * time.Hour}, "notbound": nil} {
		b.Run(name, func(b *testing.B) {
			s := newSite(b, bind, discardLog)
			v := newBrowser(s)
			if v.get("/login"); bind != nil {
				v.bound()
				v.forgetRegistration()
			}
			h := s.sessions.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				if se, err := s.sessions.Get(r); err != nil || se.User() != "anna" {
					b.Error("no session", err)
				}
			}))
			r := httptest.NewRequest(http.MethodGet, origin+"/", http.NoBody)
			r.AddCookie(&http.Cookie{Name: "session", Value: v.Cookie("session")})
			if bind != nil {
				r.AddCookie(&http.Cookie{Name: boundName, Value: v.Cookie(boundName)})
			}
			b.ReportAllocs()
			for b.Loop() {
				h.ServeHTTP(httptest.NewRecorder(), r)
			}
		})
	}
}
