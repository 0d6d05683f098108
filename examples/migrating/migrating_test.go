package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/pyramidgo/redissessions/connect/embedded"
	"github.com/pyramidgo/redissessions/factory"
	"github.com/pyramidgo/redissessions/settings"
)

// The file of the migrated application starts it, names and all; only Redis is
// one inside the test.
func TestIncluded(t *testing.T) {
	t.Parallel()
	source, err := settings.Load("development.ini")
	if err != nil {
		t.Fatal(err)
	}
	app := &application{settings: source}
	connections := &connections{open: embedded.Connect}
	if err := factory.Include(app, factory.WithRegistry(registry(connections))); err != nil {
		t.Fatal(err)
	}
	app.OnShutdown(connections.close)
	handler := app.handler(http.HandlerFunc(view))
	var cookies []*http.Cookie
	for range 2 { // the second request finds what the first has saved
		w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil)
		for _, c := range cookies {
			r.AddCookie(c)
		}
		handler.ServeHTTP(w, r)
		if got := w.Body.String(); w.Code != http.StatusOK || got != "[hello]\n" {
			t.Errorf("status %d, %q", w.Code, got)
		}
		if cookies == nil {
			cookies = w.Result().Cookies()
		} else if len(w.Result().Cookies()) != 0 {
			t.Error("the second request began another session")
		}
	}
	if len(cookies) != 1 {
		t.Errorf("cookies: %v", cookies)
	}
	app.shutDown()
}

func TestEncrypted(t *testing.T) {
	t.Parallel()
	data, err := encrypted.Encode(map[string]any{"name": "Ada"})
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(data), "Ada") {
		t.Errorf("it can be read: %q", data)
	}
	var back map[string]any
	if err := encrypted.Decode(data, &back); err != nil || back["name"] != "Ada" {
		t.Errorf("%v, %v", back, err)
	}
}
