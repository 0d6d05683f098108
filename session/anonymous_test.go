package session

import (
	"net/http"
	"testing"
	"time"
)

// With AnonymousWhenDown a request that only reads gets a page, and one that
// changes its session does not, also when the change is to take something away:
// that it is not in the empty session does not mean that it is not there.
func TestAnonymousWhenDown(t *testing.T) {
	for name, test := range map[string]struct {
		use     func(s *Session)
		changes bool
	}{
		"read": {func(s *Session) { s.Get("a"); s.Keys(); Value[int](s, "a") }, false},
		// Every page shows the messages that there are, and there are none.
		"pop the messages": {func(s *Session) { s.PopFlash("") }, false},
		"pop":              {func(s *Session) { s.Pop("a") }, false},
		"set":              {func(s *Session) { s.Set("a", 1) }, true},
		"default":          {func(s *Session) { s.SetDefault("a", 1) }, true},
		"delete":           {func(s *Session) { s.Delete("a") }, true},
		"clear":            {func(s *Session) { s.Clear() }, true},
		"clear, then pop":  {func(s *Session) { s.Clear(); s.PopFlash("") }, true},
		"flash":            {func(s *Session) { s.Flash("", "hello") }, true},
		"timeout":          {func(s *Session) { s.AdjustTimeout(time.Hour) }, true},
		"remember":         {func(s *Session) { s.Remember(time.Hour) }, true},
		"forget":           {func(s *Session) { s.Forget() }, true},
		"modify to nil":    {func(s *Session) { s.Modify("a", func(any) any { return nil }) }, true},
		"set and pop":      {func(s *Session) { s.Set("a", 2); s.Pop("a") }, true},
		"new token":        {func(s *Session) { s.NewCSRFToken() }, true},
	} {
		t.Run(name, func(t *testing.T) {
			store := newMemStore()
			f := newTestFactory(t, store, func(o *Options) { discardLog(o); o.AnonymousWhenDown = true })
			v := newVisitor(t, f)
			v.visit(func(s *Session) { s.Set("a", 1) })
			store.err = errRefused
			want := http.StatusOK
			if test.changes {
				want = http.StatusServiceUnavailable
			}
			resp := v.serve(func(_ http.ResponseWriter, r *http.Request) {
				s, err := f.Get(r)
				if err != nil {
					t.Error(err)
					return
				}
				test.use(s)
			})
			if resp.StatusCode != want || len(resp.Cookies()) > 0 {
				t.Errorf("status %d and %d cookies, want %d and none", resp.StatusCode, len(resp.Cookies()), want)
			}
		})
	}
}
