package factory_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/pyramidgo/redissessions/factory"
	"github.com/pyramidgo/redissessions/session"
	"github.com/pyramidgo/redissessions/settings"
)

// offer returns what a login's response offers the browser.
func (s *site) offer() string {
	s.t.Helper()
	return s.visit(func(se *session.Session) {
		if err := se.Login(s.t.Context(), "ann"); err != nil {
			s.t.Error(err)
		}
	}).Header.Get("Secure-Session-Registration")
}

// deviceEffects are those of the settings that bind sessions to the browser that has logged
// in. session/dbsc tests the rest.
var deviceEffects = map[string]func(*testing.T){
	"DeviceBound": func(t *testing.T) {
		for value, want := range map[string]string{"off": "", "on": `path="/.session/register"`, "required": `path="/.session/register"`} {
			if got := newSite(t, settings.Map{"device_bound": value}).offer(); got != "" != (want != "") || !strings.Contains(got, want) {
				t.Errorf("%s: the login offers %q", value, got)
			}
		}
	},
	"DeviceBoundPath": func(t *testing.T) {
		s := newSite(t, settings.Map{"device_bound": "on", "device_bound_path": "/sessions/keys"})
		if got := s.offer(); !strings.Contains(got, `path="/sessions/keys/register"`) {
			t.Errorf("the login offers %q", got)
		}
		r := httptest.NewRequest(http.MethodPost, "/sessions/keys/refresh", http.NoBody)
		r.Header.Set("Sec-Secure-Session-Id", "unknown")
		w := httptest.NewRecorder()
		s.sessions.Handler(http.NotFoundHandler()).ServeHTTP(w, r)
		if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `"continue":false`) {
			t.Errorf("a refresh of an unknown session: %d, %s", w.Code, w.Body)
		}
	},
	"DeviceBoundRefresh": func(t *testing.T) {
		for value, warns := range map[any]bool{"4m": true, 299: true, "5m": false, time.Hour: false} {
			var log bytes.Buffer
			newSite(t, settings.Map{"device_bound": "on", "device_bound_refresh": value}, factory.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
			if got := strings.Contains(log.String(), "device_bound_refresh"); got != warns {
				t.Errorf("%v: the log is %s", value, &log)
			}
		}
	},
}

// TestDeviceBoundRefusals: what the binding cannot be with is refused at start-up.
func TestDeviceBoundRefusals(t *testing.T) {
	for want, keys := range map[string]settings.Map{
		"device_bound: contradicts cookie_partitioned":                                    {"cookie_partitioned": true},
		"device_bound: contradicts cookie_secure":                                         {"cookie_secure": "false"},
		"device_bound: needs the native format":                                           {"format": "pyramid_redis_sessions"},
		"device_bound: needs the native":                                                  {"format": "pyramid_session_redis"},
		`cookie_path: device_bound_path ("/.session") is not within cookie_path ("/app")`: {"cookie_path": "/app"},
		`device_bound_path: device_bound_path ("/apple/keys") is not within`:              {"cookie_path": "/app", "device_bound_path": "/apple/keys"},
		`device_bound_path: "/keys/": expected a path`:                                    {"device_bound_path": "/keys/"},
		"device_bound_path: \"/a":                                                         {"device_bound_path": `/a"b`},
		"device_bound_refresh: ":                                                          {"device_bound_refresh": "0"},
		`device_bound: "always": expected one of off`:                                     {"device_bound": "always"},
		"device_bound_refresh: has no effect while device_bound is off":                   {"device_bound": "off", "device_bound_refresh": "5m"},
	} {
		if keys["device_bound"] == nil {
			keys["device_bound"] = "required"
		}
		if got := mistake(t, keys); !strings.Contains(got, want) {
			t.Errorf("%v: %s", keys, got)
		}
	}
	newSite(t, settings.Map{"device_bound": "on", "cookie_path": "/app/", "device_bound_path": "/app/keys"})
}
