package session_test

import (
	"context"
	"fmt"
	"time"

	"github.com/pyramidgo/redissessions/session"
)

// A script sends the token in the header CSRFHeader, a form in the field CSRFFormField, which
// CSRFField makes. The token stays the same until the login.
func ExampleSession_CSRFToken() {
	site := newExampleSite()
	defer func() { _ = site.Close() }()
	var page string
	site.visit(func(s *session.Session) { page, _ = s.CSRFToken(context.Background()) })

	site.visit(func(s *session.Session) {
		token, err := s.CSRFToken(context.Background())
		fmt.Println(token == page, err)
	})
	// Output: true <nil>
}

// Pages that were sent before have the old token, and their forms are refused.
func ExampleSession_NewCSRFToken() {
	site := newExampleSite()
	defer func() { _ = site.Close() }()
	site.visit(func(s *session.Session) {
		page, _ := s.CSRFToken(context.Background())
		fmt.Println(s.NewCSRFToken() == page)
	})
	// Output: false
}

func ExampleSession_User() {
	site := newExampleSite()
	defer func() { _ = site.Close() }()
	ctx := context.Background()
	site.visit(func(s *session.Session) {
		fmt.Printf("%q\n", s.User())
		if err := s.Login(ctx, "ann"); err != nil {
			return // the Handler answers
		}
	})

	site.visit(func(s *session.Session) { fmt.Printf("%q\n", s.User()) })
	// Output:
	// ""
	// "ann"
}

// A page that asks for the password again, unless it was typed in the last ten minutes.
func ExampleSession_LoginTime() {
	site := newExampleSite()
	defer func() { _ = site.Close() }()
	recent := func(s *session.Session) bool {
		return s.User() != "" && time.Since(s.LoginTime()) < 10*time.Minute
	}
	site.visit(func(s *session.Session) {
		fmt.Println(recent(s))
		if err := s.Login(context.Background(), "ann"); err != nil {
			return // the Handler answers
		}
		fmt.Println(recent(s))
	})
	// Output:
	// false
	// true
}

// The browser keeps the cookie for a week. The timeout stays as it is: Remember sets both.
func ExampleSession_AdjustCookieMaxAge() {
	site := newExampleSite()
	defer func() { _ = site.Close() }()
	site.visit(func(s *session.Session) {
		s.Set("user", "ann")
		s.AdjustCookieMaxAge(7 * 24 * time.Hour)
	})

	fmt.Println(site.cookies[0].MaxAge/86400, "days")
	site.visit(func(s *session.Session) { fmt.Println(s.Timeout()) })
	// Output:
	// 7 days
	// 20m0s
}

// A session is new until a request has stored something in it.
func ExampleSession_IsNew() {
	site := newExampleSite()
	defer func() { _ = site.Close() }()
	site.visit(func(s *session.Session) { fmt.Println(s.IsNew()) })
	site.visit(func(s *session.Session) {
		fmt.Println(s.IsNew())
		s.Set("theme", "dark")
	})

	site.visit(func(s *session.Session) { fmt.Println(s.IsNew()) })
	// Output:
	// true
	// true
	// false
}

func ExampleSession_Created() {
	site := newExampleSite()
	defer func() { _ = site.Close() }()
	site.visit(func(s *session.Session) {
		fmt.Println(time.Since(s.Created()) < time.Minute)
	})
	// Output: true
}

// How long this session may go unused. Expires says at what time it ends.
func ExampleSession_Timeout() {
	site := newExampleSite()
	defer func() { _ = site.Close() }()
	site.visit(func(s *session.Session) { fmt.Println(s.Timeout()) })
	site.visit(func(s *session.Session) { s.AdjustTimeout(time.Hour) })

	site.visit(func(s *session.Session) { fmt.Println(s.Timeout()) })
	// Output:
	// 20m0s
	// 1h0m0s
}
