package main

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"testing"

	"github.com/pyramidgo/redissessions/connect/embedded"
	"github.com/pyramidgo/redissessions/factory"
)

func TestCountsVisits(t *testing.T) {
	t.Parallel()
	sessions, err := factory.FromFile("development.ini", factory.WithConnector("embedded", embedded.Connect))
	if err != nil {
		t.Fatal(err)
	}
	defer sessions.Close()
	server := httptest.NewServer(sessions.Handler(http.HandlerFunc(hello)))
	defer server.Close()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	visitor := http.Client{Jar: jar}
	for _, want := range []string{"visit 1\n", "visit 2\n", "visit 3\n"} {
		resp, err := visitor.Get(server.URL)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || string(got) != want {
			t.Errorf("%q, %v, want %q", got, err, want)
		}
	}
}
