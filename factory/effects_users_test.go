package factory_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/pyramidgo/redissessions/factory"
	"github.com/pyramidgo/redissessions/internal/connecttest"
	"github.com/pyramidgo/redissessions/internal/visitor"
	"github.com/pyramidgo/redissessions/session"
	"github.com/pyramidgo/redissessions/settings"
)

// login logs a new visitor in, from a browser, and returns what Login and then Sessions
// return.
func (s *site) login() (err error, infos []session.Info, listErr error) {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header.Set("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
	visitor.New(s.t).Do(s.sessions.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		se, getErr := s.sessions.Get(r)
		if getErr != nil {
			s.t.Fatal(getErr)
		}
		err = se.Login(r.Context(), "ann")
		infos, listErr = s.sessions.Sessions(r.Context(), "ann")
	})), r)
	return err, infos, listErr
}

// userEffects are those of the settings about the sessions of one user.
var userEffects = map[string]func(*testing.T){
	"UserSessions": func(t *testing.T) {
		for _, on := range []bool{false, true} {
			err, infos, listErr := newSite(t, settings.Map{"user_sessions": on}).login()
			if err != nil || on != (listErr == nil) || on != (len(infos) == 1) || !on && !errors.Is(listErr, session.ErrNoUserIndex) {
				t.Errorf("%v: Login: %v, Sessions: %d, %v", on, err, len(infos), listErr)
			}
		}
	},
	"UserSessionsMax": func(t *testing.T) {
		s := newSite(t, settings.Map{"user_sessions": true, "user_sessions_max": 2})
		for _, want := range []int{1, 2, 2} {
			if err, infos, _ := s.login(); err != nil || len(infos) != want {
				t.Errorf("Login: %v, then %d sessions, want %d", err, len(infos), want)
			}
		}
	},
	"UserSessionsWhenFull": func(t *testing.T) {
		for value, want := range map[string]error{"end_oldest": nil, "refuse": session.ErrTooManySessions} {
			s := newSite(t, settings.Map{"user_sessions": true, "user_sessions_max": 1, "user_sessions_when_full": value})
			_, _, _ = s.login()
			if err, infos, _ := s.login(); !errors.Is(err, want) || len(infos) != 1 {
				t.Errorf("%s: Login: %v, then %d sessions", value, err, len(infos))
			}
		}
	},
	"UserSessionsAbout": func(t *testing.T) {
		for value, want := range map[string]string{"nothing": "", "browser": "Firefox on Linux", "browser_and_address": "Firefox on Linux, 192.0.2.1"} {
			_, infos, _ := newSite(t, settings.Map{"user_sessions": true, "user_sessions_about": value}).login()
			if len(infos) != 1 || infos[0].About != want {
				t.Errorf("%s: %+v", value, infos)
			}
		}
	},
}

// user_sessions makes the start-up look for what they need: a server's user without it is
// told so, and starts without user_sessions.
func TestUserSessionsAreLookedFor(t *testing.T) {
	t.Parallel()
	srv := connecttest.RedisServer(t)
	if err := srv.Client().Do(t.Context(), "acl", "setuser", "web", "on", ">pass", "~session:*", "+@all", "-@sortedset").Err(); err != nil {
		t.Fatal(err)
	}
	for _, connector := range []string{"goredis", "redigo"} {
		for _, on := range []bool{false, true} {
			f, err := factory.FromSettings(settings.Map{
				"redis.sessions.secret": "a secret for tests, of more than 32 bytes", "redis.sessions.custom_connect": connector,
				"redis.sessions.url": "redis://web:pass@" + srv.Addr(), "redis.sessions.user_sessions": on,
			})
			if err == nil {
				_ = f.Close()
			}
			if on != (err != nil && strings.Contains(err.Error(), "+zadd +zrem +zrange +zremrangebyscore +pexpireat +multi +exec")) {
				t.Errorf("%s, user_sessions = %v: %v", connector, on, err)
			}
		}
	}
}
