package faults_test

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/redis/go-redis/v9/logging"

	"github.com/pyramidgo/redissessions/connect"
	"github.com/pyramidgo/redissessions/connect/goredis"
	"github.com/pyramidgo/redissessions/connect/redigo"
	"github.com/pyramidgo/redissessions/session"
)

func TestMain(m *testing.M) {
	logging.Disable() // go-redis tells of every dial that fails, as many here are meant to
	os.Exit(m.Run())
}

const (
	// patient is a socket time-out that a busy machine does not reach.
	patient = time.Minute
	// brisk is one for tests in which there is no answer at all for a while.
	brisk = time.Second
)

// connection is a connector and what it is given.
type connection struct {
	connect connect.Func
	options connect.Options
}

// forEachConnector runs a test for every connector that reaches one server.
func forEachConnector(t *testing.T, test func(t *testing.T, via connection)) {
	t.Helper()
	for name, via := range map[string]connection{
		"goredis":          {connect: goredis.Connect},
		"goredis together": {goredis.Connect, connect.Options{AutoPipeline: connect.AutoPipelineOn}},
		"redigo":           {connect: redigo.Connect},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, via)
		})
	}
}

// to returns the connection to a URL.
func (via connection) to(url string, socketTimeout time.Duration) connection {
	via.options.URL, via.options.SocketTimeout, via.options.DialTimeout = url, socketTimeout, socketTimeout
	// A busy machine may be late with the first answer. The visitors try again.
	via.options.LazyConnect = via.options.LazyConnect || socketTimeout == brisk
	return via
}

// site is an application of one page: it counts a visitor's saves, and says
// whose session it is.
type site struct {
	sessions *session.Factory
	page     http.Handler
}

// newSite starts a site whose sessions are kept over a connection.
func newSite(t *testing.T, via connection, adjust ...func(*session.Options)) *site {
	t.Helper()
	store, err := via.connect(t.Context(), via.options)
	if err != nil {
		t.Fatal(err)
	}
	o := &session.Options{
		Secret: "a secret for tests, of more than 32 bytes",
		// As package factory makes it.
		SaveTimeout:  2 * via.options.SocketTimeout,
		ErrorHandler: answerFault,
		Logger:       slog.New(slog.DiscardHandler),
	}
	for _, f := range adjust {
		f(o)
	}
	s := &site{}
	if s.sessions, err = session.NewFactory(store, o); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.sessions.Close() })
	s.page = s.sessions.Handler(http.HandlerFunc(s.count))
	return s
}

// visitorHeader tells the site who is visiting, as a login would.
const visitorHeader = "Visitor"

// count shows the session. A POST counts one more save in it.
func (s *site) count(w http.ResponseWriter, r *http.Request) {
	se, err := s.sessions.Get(r)
	if err != nil {
		return // answerFault answers
	}
	if r.Method == http.MethodPost {
		se.SetDefault("name", r.Header.Get(visitorHeader))
		se.Modify("saves", oneMore)
	}
	name, _ := session.Value[string](se, "name")
	saves, _ := session.Value[int](se, "saves")
	fmt.Fprintf(w, "%d %s", saves, name)
}

// oneMore adds to a number, which a Pyramid record gives back as an int64.
func oneMore(old any) any {
	switch n := old.(type) {
	case int:
		return n + 1
	case int64:
		return n + 1
	default:
		return 1
	}
}

// answerFault is the default error handler, but says which of the errors that
// a fault may bring it was, and what exactly.
func answerFault(w http.ResponseWriter, _ *http.Request, err error) {
	code := http.StatusInternalServerError
	switch {
	case errors.Is(err, session.ErrUnavailable):
		code = http.StatusServiceUnavailable
	case errors.Is(err, session.ErrEnded):
		code = http.StatusConflict
	case errors.Is(err, session.ErrGone):
		code = http.StatusGone
	}
	http.Error(w, err.Error(), code)
}
