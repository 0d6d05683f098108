package factory_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/pyramidgo/redissessions/session"
	"github.com/pyramidgo/redissessions/settings"
)

// endEffects are those of the settings that decide when a session ends, and what its end
// takes along.
var endEffects = map[string]func(*testing.T){
	"PassiveHeader": func(t *testing.T) {
		for _, format := range []string{"native", "pyramid_redis_sessions", "pyramid_session_redis"} {
			s := newSite(t, settings.Map{"passive_header": "x-background", "format": format})
			s.write()
			s.redis.FastForward(10 * time.Minute)
			for _, value := range []string{"1", ""} {
				r := httptest.NewRequest(http.MethodGet, "/", nil)
				r.Header.Set("X-Background", value)
				s.visitor.Do(s.sessions.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
					if se, err := s.sessions.Get(r); err != nil || se.IsNew() {
						t.Errorf("%s: no session: %v", format, err)
					}
				})), r)
				if left := s.redis.TTL(s.key()); left != 10*time.Minute {
					t.Errorf("%s: with the header %q a request leaves %v", format, value, left)
				}
			}
			if s.count(); s.redis.TTL(s.key()) != 20*time.Minute {
				t.Errorf("%s: without the header a request leaves %v", format, s.redis.TTL(s.key()))
			}
		}
	},
	"ValidSince": func(t *testing.T) {
		for _, format := range []string{"native", "pyramid_redis_sessions", "pyramid_session_redis"} {
			s := newSite(t, settings.Map{"format": format})
			s.write()
			s.sessions = s.start(settings.Map{"format": format, "valid_since": time.Now().Add(-time.Hour).Format(time.RFC3339)})
			if s.count() != 1 {
				t.Errorf("%s: a session that began after valid_since has ended", format)
			}
			s.sessions = s.start(settings.Map{"format": format, "valid_since": time.Now().Add(time.Hour).Format(time.RFC3339)})
			if s.count() != 0 {
				t.Errorf("%s: a session that began before valid_since has not ended", format)
			}
		}
	},
	"ClearSiteData": func(t *testing.T) {
		for value, want := range map[any]string{nil: "", "cache": `"cache"`, "Storage, cache": `"storage", "cache"`} {
			s := newSite(t, settings.Map{"clear_site_data": value})
			s.write()
			resp := s.visit(func(se *session.Session) { _ = se.Invalidate(context.Background()) })
			if got := resp.Header.Get("Clear-Site-Data"); got != want {
				t.Errorf("%v: Clear-Site-Data is %q, want %q", value, got, want)
			}
		}
	},
}
