package session_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/pyramidgo/redissessions/session"
)

// A password is changed, and all sessions are ended, while a login with the old password is
// under way. The ticket was drawn before, so the login fails.
func ExampleFactory_Ticket() {
	site := newExampleSite()
	defer func() { _ = site.Close() }()
	ctx := context.Background()

	site.visit(func(s *session.Session) {
		ticket, err := site.Ticket(ctx, "ann") // before the password is checked
		if err != nil {
			return
		}
		_, _ = site.EndAll(ctx, "ann") // what the change of the password does
		err = s.Login(ctx, "ann", session.WithTicket(ticket))
		fmt.Println(errors.Is(err, session.ErrEnded))
	})
	// Output: true
}

// A list for the page "Where you are logged in". The handle of an entry ends that session; no
// cookie can be made of it.
func ExampleFactory_Sessions() {
	site := newExampleSite()
	defer func() { _ = site.Close() }()
	ctx := context.Background()
	site.visit(func(s *session.Session) { _ = s.Login(ctx, "ann") })

	infos, err := site.Sessions(ctx, "ann")
	fmt.Println(len(infos), err)
	fmt.Println(site.End(ctx, "ann", infos[0].Handle))
	site.visit(func(s *session.Session) { fmt.Printf("%q\n", s.User()) })
	// Output:
	// 1 <nil>
	// <nil>
	// ""
}

// When a password changes, or an account is closed: every session of the user ends.
func ExampleFactory_EndAll() {
	site := newExampleSite()
	defer func() { _ = site.Close() }()
	ctx := context.Background()
	site.visit(func(s *session.Session) { _ = s.Login(ctx, "ann") })

	fmt.Println(site.EndAll(ctx, "ann"))
	site.visit(func(s *session.Session) { fmt.Println(s.IsNew()) })
	// Output:
	// 1 <nil>
	// true
}

// OpenID Connect's back-channel logout names the provider's session, its sid.
func ExampleWithLabel() {
	site := newExampleSite()
	defer func() { _ = site.Close() }()
	ctx := context.Background()
	site.visit(func(s *session.Session) { _ = s.Login(ctx, "ann", session.WithLabel("sid", "08a5019c")) })

	fmt.Println(site.EndLabel(ctx, "sid", "08a5019c"))
	// Output: 1 <nil>
}

// The page "Where you are logged in", and its button.
func ExampleSession_EndOthers() {
	desk, phone := newExampleSite(), &exampleSite{}
	defer func() { _ = desk.Close() }()
	phone.Factory = desk.Factory // the same site, seen with another browser
	ctx := context.Background()
	for _, browser := range []*exampleSite{desk, phone} {
		browser.visit(func(s *session.Session) { _ = s.Login(ctx, "ann") })
	}

	desk.request(http.MethodPost, desk.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		s, err := session.FromRequest(r)
		if err != nil {
			return // the Handler answers
		}
		infos, _ := desk.Sessions(r.Context(), s.User()) // the last login first
		for _, info := range infos {
			fmt.Println("this one:", info.Current)
		}
		n, err := s.EndOthers(r.Context())
		fmt.Println(n, err)
	})))
	phone.visit(func(s *session.Session) { fmt.Printf("%q\n", s.User()) })
	// Output:
	// this one: false
	// this one: true
	// 1 <nil>
	// ""
}

// At most three sessions for each user; the fourth login ends the oldest.
func ExampleUserOptions() {
	options := session.Options{
		Secret: "a secret for examples, of 32 bytes",
		Users: &session.UserOptions{
			Max:      3,
			WhenFull: session.EndOldest,
			Describe: func(r *http.Request) string { return r.UserAgent() },
		},
	}
	site := &exampleSite{Factory: newExampleFactory(&options)}
	defer func() { _ = site.Close() }()

	ctx := context.Background()
	for range 4 {
		(&exampleSite{Factory: site.Factory}).visit(func(s *session.Session) { _ = s.Login(ctx, "ann") })
	}
	infos, err := site.Sessions(ctx, "ann")
	fmt.Println(len(infos), err)
	// Output: 3 <nil>
}

// A visitor who becomes an administrator gets a new ID: one that somebody else may have
// planted or seen before leads to no session.
func ExampleSession_Renew() {
	site := newExampleSite()
	defer func() { _ = site.Close() }()
	site.visit(func(s *session.Session) { s.Set("user", "ann") })

	site.visit(func(s *session.Session) {
		before := s.ID()
		if err := s.Renew(context.Background()); err != nil {
			return // the Handler answers with an error page
		}
		s.Set("admin", true)
		fmt.Println(s.ID() != before)
		fmt.Println(s.Get("user"))
	})
	// Output:
	// true
	// ann true
}

// When Invalidate returns, the session is gone from Redis. The object is a new session
// then, which can hold the message for the next page.
func ExampleSession_Invalidate() {
	site := newExampleSite()
	defer func() { _ = site.Close() }()
	site.visit(func(s *session.Session) { s.Set("user", "ann") })

	site.visit(func(s *session.Session) {
		if err := s.Invalidate(context.Background()); err != nil {
			return // the Handler answers: the visitor is not told that it worked
		}
		fmt.Println(s.IsNew(), s.Has("user"))
		s.Flash("", "You are logged out.")
	})
	site.visit(func(s *session.Session) { fmt.Println(s.PopFlash("")) })
	// Output:
	// true false
	// [You are logged out.]
}

// Logging out without a look at the session takes one round trip instead of two.
func ExampleFactory_Invalidate() {
	site := newExampleSite()
	defer func() { _ = site.Close() }()
	site.visit(func(s *session.Session) { s.Set("user", "ann") })

	site.request(http.MethodPost, site.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := site.Invalidate(r); err != nil {
			return // the Handler answers
		}
		http.Redirect(w, r, "/", http.StatusSeeOther)
	})))
	site.visit(func(s *session.Session) { fmt.Println(s.Has("user")) })
	// Output: false
}

// The box "stay logged in": this session lives for 30 days without a request, and so does
// its cookie. All others keep the timeout of the options.
func ExampleSession_Remember() {
	site := newExampleSite()
	defer func() { _ = site.Close() }()
	site.visit(func(s *session.Session) {
		s.Set("user", "ann")
		s.Remember(30 * 24 * time.Hour)
	})

	site.visit(func(s *session.Session) { fmt.Println(s.Timeout()) })
	fmt.Println(site.cookies[0].MaxAge/86400, "days")
	// Output:
	// 720h0m0s
	// 30 days
}

// A session for which the visitor must be quick.
func ExampleSession_AdjustTimeout() {
	site := newExampleSite()
	defer func() { _ = site.Close() }()
	site.visit(func(s *session.Session) {
		s.Set("transfer", 400)
		s.AdjustTimeout(2 * time.Minute)
	})

	site.visit(func(s *session.Session) { fmt.Println(s.Timeout()) })
	// Output: 2m0s
}

// A form with the hidden field, and the check that refuses one without it.
func ExampleCSRFProtection() {
	site := newExampleSite()
	defer func() { _ = site.Close() }()
	mux := http.NewServeMux()
	mux.HandleFunc("POST /", func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprintln(w, "transferred") })
	csrf := new(session.CSRFProtection)
	app := site.Handler(csrf.Handler(mux)) // inside the session's Handler, which it reads the token from

	var token string
	site.visit(func(s *session.Session) { token, _ = s.CSRFToken(context.Background()) })
	fmt.Println(site.request(http.MethodPost, app).Code)

	r := httptest.NewRequest(http.MethodPost, "/", nil)
	r.AddCookie(site.cookies[0])
	r.Header.Set(session.CSRFHeader, token) // a script's way; a form has the field CSRFFormField
	w := httptest.NewRecorder()
	app.ServeHTTP(w, r)
	fmt.Print(w.Code, " ", w.Body)
	// Output:
	// 403
	// 200 transferred
}
