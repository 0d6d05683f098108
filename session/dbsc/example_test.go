package dbsc_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/pyramidgo/redissessions/connect"
	"github.com/pyramidgo/redissessions/connect/embedded"
	"github.com/pyramidgo/redissessions/session"
	"github.com/pyramidgo/redissessions/session/dbsc"
)

// A login offers the browser to bind the session. Chrome answers by itself, to a path that
// the session's Handler serves.
func Example() {
	store, err := embedded.Connect(context.Background(), connect.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	sessions, err := session.NewFactory(store, &session.Options{
		Secret:      "a secret for tests, of more than 32 bytes",
		DeviceBound: dbsc.Options{},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer sessions.Close()
	site := sessions.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if s, err := sessions.Get(r); err == nil {
			_ = s.Login(r.Context(), "anna") // a failure is answered by the Handler
		}
	}))
	w := httptest.NewRecorder()
	site.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "https://example.com/login", http.NoBody))
	offer, _, _ := strings.Cut(w.Header().Get("Secure-Session-Registration"), ";challenge=")
	fmt.Println(offer)
	// Output: (ES256 RS256);path="/.session/register"
}
