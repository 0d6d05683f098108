package session_test

import (
	"context"
	"fmt"
	"html/template"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"time"

	"github.com/pyramidgo/redissessions/connect"
	"github.com/pyramidgo/redissessions/connect/embedded"
	"github.com/pyramidgo/redissessions/session"
)

// A factory without a settings file. A program with a Redis server calls goredis.Connect,
// with the server's URL in connect.Options.
func ExampleNewFactory() {
	store, err := embedded.Connect(context.Background(), connect.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	sessions, err := session.NewFactory(store, &session.Options{
		Secret:      "32 random bytes, of your own making",
		IdleTimeout: 20 * time.Minute,
		Cookie:      session.CookieOptions{Name: "__Host-session", Secure: session.SecureAlways},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(sessions.Ping(context.Background()), sessions.Close())

	_, err = session.NewFactory(store, &session.Options{})
	fmt.Println(err)
	// Output:
	// <nil> <nil>
	// session: Secret: no Secret: set one of at least 32 random bytes, or a Signer
}

// The Handler stands around the whole application. It saves the session just before the
// first byte of the response.
func ExampleFactory_Handler() {
	site := newExampleSite()
	defer func() { _ = site.Close() }()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		s, err := session.FromRequest(r)
		if err != nil {
			return // the Handler answers: 503 when Redis is down
		}
		session.Modify(s, "visits", func(n int) int { return n + 1 })
		n, _ := session.Value[int](s, "visits")
		_, _ = fmt.Fprintln(w, "visit", n)
	})
	app := site.Handler(mux) // http.ListenAndServe(addr, app)

	for range 2 {
		fmt.Print(site.request(http.MethodGet, app).Body)
	}
	// Output:
	// visit 1
	// visit 2
}

// A handler needs nothing but its request. Calls for one request return one session.
func ExampleFromRequest() {
	site := newExampleSite()
	defer func() { _ = site.Close() }()
	app := site.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s, err := session.FromRequest(r)
		if err != nil {
			return // the Handler answers
		}
		again, _ := session.FromRequest(r)
		_, _ = fmt.Fprintln(w, s.IsNew(), s == again)
	}))
	fmt.Print(site.request(http.MethodGet, app).Body)
	// Output: true true
}

// What is called with a context, and not with the request, finds the session all the same.
func ExampleFromContext() {
	greet := func(ctx context.Context) (string, error) {
		s, err := session.FromContext(ctx)
		if err != nil {
			return "", err
		}
		name, _ := session.Value[string](s, "name")
		return "hello, " + name, nil
	}

	site := newExampleSite()
	defer func() { _ = site.Close() }()
	site.visit(func(s *session.Session) { s.Set("name", "ann") })
	app := site.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, err := greet(r.Context())
		if err != nil {
			return // the Handler answers
		}
		_, _ = fmt.Fprintln(w, text)
	}))
	fmt.Print(site.request(http.MethodGet, app).Body)
	// Output: hello, ann
}

// The hidden field for a form, in a template.
func ExampleSession_CSRFField() {
	form := template.Must(template.New("form").Parse(`<form method="post">{{.}}<button>Send</button></form>`))
	site := newExampleSite()
	defer func() { _ = site.Close() }()
	app := site.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s, err := session.FromRequest(r)
		if err != nil {
			return // the Handler answers
		}
		field, err := s.CSRFField(r.Context())
		if err != nil {
			return // the Handler answers
		}
		_ = form.Execute(w, field)
	}))
	page := site.request(http.MethodGet, app).Body.String()
	fmt.Println(page[:len(`<form method="post"><input type="hidden" name="csrf_token"`)], "...")
	// Output: <form method="post"><input type="hidden" name="csrf_token" ...
}

// A route for a load balancer or for Kubernetes.
func ExampleFactory_Ping() {
	site := newExampleSite()
	defer func() { _ = site.Close() }()
	health := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := site.Ping(r.Context()); err != nil {
			http.Error(w, "Redis does not answer", http.StatusServiceUnavailable)
			return
		}
		_, _ = fmt.Fprintln(w, "ok")
	})
	_, _ = site.request(http.MethodGet, health).Body.WriteTo(os.Stdout)
	// Output: ok
}

// When the session ends unless it is used, and when it ends in any case.
func ExampleSession_Expires() {
	site := &exampleSite{Factory: newExampleFactory(&session.Options{
		Secret:          "a secret for examples, of 32 bytes",
		IdleTimeout:     20 * time.Minute,
		AbsoluteTimeout: 8 * time.Hour,
	})}
	defer func() { _ = site.Close() }()
	site.visit(func(s *session.Session) { s.Set("user", "ann") })

	site.visit(func(s *session.Session) {
		idle, absolute := s.Expires()
		fmt.Println(time.Until(idle).Round(time.Minute), absolute.Sub(s.Created()))
	})
	// Output: 20m0s 8h0m0s
}

// A server that is not net/http's gives the Cookie lines, and gets header lines.
func ExampleFactory_Serve() {
	sessions := newExampleSite()
	defer func() { _ = sessions.Close() }()
	visit := func(cookies ...string) http.Header {
		in := &session.Incoming{Method: "GET", Path: "/", Cookies: cookies, Header: http.Header{}}
		in.Request = func() *http.Request { return httptest.NewRequest("GET", "/", http.NoBody) }
		in.Next = func(ctx context.Context) {
			s, err := session.FromContext(ctx)
			if err != nil {
				return // Serve returns the error handler's answer
			}
			session.Modify(s, "visits", func(n int) int { return n + 1 })
			n, _ := session.Value[int](s, "visits")
			fmt.Println("visit", n)
		}
		if answer := sessions.Serve(context.Background(), in); answer != nil {
			fmt.Println("status", answer.Code)
		}
		return in.Header // for the response
	}
	cookie, _, _ := strings.Cut(visit().Get("Set-Cookie"), ";")
	visit(cookie)
	// Output:
	// visit 1
	// visit 2
}
