package main

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/pyramidgo/redissessions/connect/embedded"
	"github.com/pyramidgo/redissessions/factory"
	"github.com/pyramidgo/redissessions/internal/visitor"
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
	v := visitor.New(t)
	for _, cookies := range []int{1, 0} { // the second request finds what the first has saved
		resp := v.Get(handler, "/")
		got, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode != http.StatusOK || string(got) != "[hello]\n" {
			t.Errorf("status %d, %q, %v", resp.StatusCode, got, err)
		}
		if len(resp.Cookies()) != cookies {
			t.Errorf("cookies %v, want %d", resp.Cookies(), cookies)
		}
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
