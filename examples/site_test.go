package examples

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"

	"github.com/pyramidgo/redissessions/connect"
	"github.com/pyramidgo/redissessions/connect/embedded"
	"github.com/pyramidgo/redissessions/session"
)

var errPacked = errors.New("the data is packed")

// newSessions returns a factory that keeps sessions by user.
func newSessions(t *testing.T) *session.Factory {
	t.Helper()
	store, err := embedded.Connect(t.Context(), connect.Options{})
	if err != nil {
		t.Fatal(err)
	}
	f, err := session.NewFactory(store, &session.Options{
		Secret: "a secret for tests, of 32 bytes and more",
		Users:  &session.UserOptions{},
	})
	if err != nil {
		t.Fatal(err)
	}
	closeAfter(t, f)
	return f
}

// visitWith sends the first request of a visitor, whose handler uses the session.
func visitWith(t *testing.T, f *session.Factory, use func(r *http.Request, s *session.Session)) {
	t.Helper()
	f.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		s, err := session.FromRequest(r)
		if err != nil {
			t.Error(err)
			return
		}
		use(r, s)
	})).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil))
}

func withSession(t *testing.T, use func(s *session.Session)) {
	t.Helper()
	visitWith(t, newSessions(t), func(_ *http.Request, s *session.Session) { use(s) })
}

// inAFolder makes a folder with a production.ini the current one.
func inAFolder(t *testing.T, ini string) {
	t.Helper()
	t.Chdir(t.TempDir())
	text := "[app:main]\nredis.sessions.secret = 4cec2cf8a4b3a9d9f1b5c7e3d2a1908f4cec2cf8\n" + ini
	if err := os.WriteFile("production.ini", []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func closeAfter(t *testing.T, f *session.Factory) {
	t.Helper()
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
}
