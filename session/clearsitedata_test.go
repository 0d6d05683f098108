package session_test

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"github.com/pyramidgo/redissessions/session"
)

// The response that ends a session tells the browser to delete what it keeps of the
// site, and no other response does.
func TestClearSiteData(t *testing.T) {
	ctx := context.Background()
	inSession := func(use func(s *session.Session)) func(v *siteVisitor) *http.Response {
		return func(v *siteVisitor) *http.Response { return v.visit(use) }
	}
	rows := map[string]struct {
		do   func(v *siteVisitor) *http.Response
		want bool
	}{
		"Session.Invalidate": {inSession(func(s *session.Session) { _ = s.Invalidate(ctx) }), true},
		"and a new session":  {inSession(func(s *session.Session) { _ = s.Invalidate(ctx); s.Flash("", "Good-bye.") }), true},
		"Factory.Invalidate": {func(v *siteVisitor) *http.Response {
			return v.serve(func(_ http.ResponseWriter, r *http.Request) { _ = v.f.Invalidate(r) })
		}, true},
		"Factory.Invalidate after Get": {func(v *siteVisitor) *http.Response {
			return v.serve(func(_ http.ResponseWriter, r *http.Request) { _, _ = v.f.Get(r); _ = v.f.Invalidate(r) })
		}, true},
		"the last key": {inSession(func(s *session.Session) { s.Delete("a") }), true},
		"read":         {inSession(func(s *session.Session) { s.Get("a") }), false},
		"write":        {inSession(func(s *session.Session) { s.Set("a", 2) }), false},
		"renew":        {inSession(func(s *session.Session) { _ = s.Renew(ctx) }), false},
		"no session": {func(v *siteVisitor) *http.Response {
			return newVisitor(v.t, v.f).visit(func(s *session.Session) { _ = s.Invalidate(ctx) })
		}, false},
		"no session, Factory.Invalidate": {func(v *siteVisitor) *http.Response {
			return newVisitor(v.t, v.f).serve(func(_ http.ResponseWriter, r *http.Request) { _ = v.f.Invalidate(r) })
		}, false},
		"failed": {func(v *siteVisitor) *http.Response {
			return v.serve(func(_ http.ResponseWriter, r *http.Request) {
				s, _ := v.f.Get(r)
				store := session.StoreOf(v.f).(*memStore)
				store.err = errors.New("down")
				_ = s.Invalidate(ctx)
				store.err = nil
			})
		}, false},
		"ended, and then a failure": {func(v *siteVisitor) *http.Response {
			return v.serve(func(w http.ResponseWriter, r *http.Request) {
				s, _ := v.f.Get(r)
				_ = s.Invalidate(ctx)
				session.StoreOf(v.f).(*memStore).err = errors.New("down")
				s.Flash("", "Good-bye.")
				w.WriteHeader(http.StatusOK)
			})
		}, true},
		"ended, and then a failed step": {func(v *siteVisitor) *http.Response {
			return v.serve(func(w http.ResponseWriter, r *http.Request) {
				_ = v.f.Invalidate(r)
				s, _ := v.f.Get(r)
				session.StoreOf(v.f).(*memStore).err = errors.New("down")
				_, _ = s.CSRFToken(ctx)
				w.WriteHeader(http.StatusOK)
			})
		}, true},
	}
	for name, row := range rows {
		for header, kinds := range map[string][]session.ClearData{
			"":                   nil,
			`"cache"`:            {session.ClearCache},
			`"cache", "storage"`: {session.ClearCache, session.ClearStorage, session.ClearCache},
		} {
			v := newVisitor(t, newTestFactory(t, newMemStore(), func(o *session.Options) {
				discardLog(o)
				o.ClearSiteData, o.InvalidateEmpty = kinds, true
			}))
			v.visit(func(s *session.Session) { s.Set("a", 1) })
			want := header
			if !row.want {
				want = ""
			}
			if got := row.do(v).Header.Get("Clear-Site-Data"); got != want {
				t.Errorf("%s: Clear-Site-Data is %q, want %q", name, got, want)
			}
		}
	}
	for _, kind := range []session.ClearData{"cookies", "*", "", `cache"`} {
		if _, err := session.NewFactory(newMemStore(), &session.Options{Secret: testSecret, ClearSiteData: []session.ClearData{kind}}); err == nil {
			t.Errorf("%q is accepted", kind)
		}
	}
}
