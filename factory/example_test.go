package factory_test

import (
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"

	"github.com/pyramidgo/redissessions/connect/embedded"
	"github.com/pyramidgo/redissessions/factory"
	"github.com/pyramidgo/redissessions/session"
	"github.com/pyramidgo/redissessions/settings"
)

func ExampleFromSettings() {
	sessions, err := factory.FromSettings(settings.Map{
		"redis.sessions.secret": "at least 32 bytes that nobody can guess",
		"redis.sessions.url":    "embedded://",
	}, factory.WithConnector("embedded", embedded.Connect))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer sessions.Close()

	app := sessions.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s, err := sessions.Get(r)
		if err != nil {
			return // the Handler answers
		}
		session.Modify(s, "visits", func(n int) int { return n + 1 })
		n, _ := session.Value[int](s, "visits")
		fmt.Fprintf(w, "visit %d", n)
	}))

	server := httptest.NewServer(app)
	defer server.Close()
	jar, _ := cookiejar.New(nil)
	browser := &http.Client{Jar: jar}
	for range 3 {
		resp, err := browser.Get(server.URL)
		if err != nil {
			fmt.Println(err)
			return
		}
		var visit string
		_, _ = fmt.Fscanf(resp.Body, "visit %s", &visit)
		resp.Body.Close()
		fmt.Println(visit)
	}
	// Output:
	// 1
	// 2
	// 3
}
