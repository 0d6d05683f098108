package browser_test

import (
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/pyramidgo/redissessions/connect/embedded"
	"github.com/pyramidgo/redissessions/factory"
	"github.com/pyramidgo/redissessions/session"
	"github.com/pyramidgo/redissessions/settings"
)

// site is an application of one handler, whose sessions are as the settings say.
type site struct {
	t        *testing.T
	settings settings.Map
	handler  func(*session.Factory) http.Handler

	addr     string
	server   *httptest.Server
	sessions *session.Factory
}

func (s *site) start(tls bool) {
	s.t.Helper()
	sessions, err := factory.FromSettings(s.settings, factory.WithConnector("embedded", embedded.Connect), factory.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		s.t.Fatal(err)
	}
	s.sessions = sessions
	s.server = httptest.NewUnstartedServer(sessions.Handler(s.handler(sessions)))
	s.addr = s.server.Listener.Addr().String()
	s.server.EnableHTTP2 = true
	s.server.Config.ErrorLog = log.New(io.Discard, "", 0) // a browser's handshakes
	if tls {
		s.server.StartTLS()
	} else {
		s.server.Start()
	}
	s.t.Cleanup(s.stop)
}

func (s *site) stop() {
	if s.server == nil {
		return
	}
	s.server.Close()
	s.server = nil
	if err := s.sessions.Close(); err != nil {
		s.t.Error(err)
	}
}

// at returns the site's URL under a name that ends in .test.
func (s *site) at(scheme, host string) string { return urlAt(scheme, host, s.addr) }

// urlAt returns the URL of a local server under a name that ends in .test.
func urlAt(scheme, host, addr string) string {
	_, port, _ := net.SplitHostPort(addr)
	return scheme + "://" + host + ":" + port
}
