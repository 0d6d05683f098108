package session_test

import (
	"fmt"

	"github.com/pyramidgo/redissessions/session"
)

func ExampleSession_Set() {
	site := newExampleSite()
	defer func() { _ = site.Close() }()
	site.visit(func(s *session.Session) { s.Set("theme", "dark") })
	site.visit(func(s *session.Session) { s.Set("theme", "dark") }) // equal: nothing is written

	site.visit(func(s *session.Session) { fmt.Println(s.Get("theme")) })
	// Output: dark true
}

// What Get returns has one of the plain types. Value returns it as a type of yours.
func ExampleSession_Get() {
	site := newExampleSite()
	defer func() { _ = site.Close() }()
	site.visit(func(s *session.Session) { s.Set("visits", 3) })

	site.visit(func(s *session.Session) {
		if v, ok := s.Get("visits"); ok {
			fmt.Printf("%v %T\n", v, v)
		}
		fmt.Println(s.Get("name"))
	})
	// Output:
	// 3 int
	// <nil> false
}

func ExampleSession_Has() {
	site := newExampleSite()
	defer func() { _ = site.Close() }()
	site.visit(func(s *session.Session) {
		s.Set("seen", nil)
		fmt.Println(s.Has("seen"), s.Has("name"))
	})
	// Output: true false
}

// A key that is not there may be deleted.
func ExampleSession_Delete() {
	site := newExampleSite()
	defer func() { _ = site.Close() }()
	site.visit(func(s *session.Session) {
		s.Set("cart", []string{"pen"})
		s.Delete("cart")
		s.Delete("wishes")
		fmt.Println(s.Has("cart"))
	})
	// Output: false
}

// The page that a visitor wanted before the login.
func ExampleSession_Pop() {
	site := newExampleSite()
	defer func() { _ = site.Close() }()
	site.visit(func(s *session.Session) { s.Set("next", "/checkout") })

	site.visit(func(s *session.Session) {
		fmt.Println(s.Pop("next"))
		fmt.Println(s.Pop("next"))
	})
	// Output:
	// /checkout true
	// <nil> false
}

func ExampleSession_Update() {
	site := newExampleSite()
	defer func() { _ = site.Close() }()
	site.visit(func(s *session.Session) {
		s.Set("theme", "light")
		s.Update(map[string]any{"theme": "dark", "language": "el"})
		fmt.Println(s.Get("theme"))
		fmt.Println(s.Len())
	})
	// Output:
	// dark true
	// 2
}

// The data goes, and the session stays: its ID, its cookie and its timeout. To log a visitor out
// call Invalidate.
func ExampleSession_Clear() {
	site := newExampleSite()
	defer func() { _ = site.Close() }()
	site.visit(func(s *session.Session) { s.Set("cart", []string{"pen"}) })

	site.visit(func(s *session.Session) {
		id := s.ID()
		s.Clear()
		fmt.Println(s.Len(), s.ID() == id)
	})
	// Output: 0 true
}

func ExampleSession_Keys() {
	site := newExampleSite()
	defer func() { _ = site.Close() }()
	site.visit(func(s *session.Session) {
		s.Update(map[string]any{"theme": "dark", "language": "el"})
		fmt.Println(s.Keys())
	})
	// Output: [language theme]
}

func ExampleSession_All() {
	site := newExampleSite()
	defer func() { _ = site.Close() }()
	site.visit(func(s *session.Session) {
		s.Update(map[string]any{"theme": "dark", "language": "el"})
		for key, value := range s.All() {
			fmt.Println(key, "is", value)
		}
	})
	// Output:
	// language is el
	// theme is dark
}

func ExampleSession_Len() {
	site := newExampleSite()
	defer func() { _ = site.Close() }()
	site.visit(func(s *session.Session) {
		fmt.Println(s.Len())
		s.Set("theme", "dark")
		fmt.Println(s.Len())
	})
	// Output:
	// 0
	// 1
}

// A page that counts the messages and leaves them for the next one.
func ExampleSession_PeekFlash() {
	site := newExampleSite()
	defer func() { _ = site.Close() }()
	site.visit(func(s *session.Session) { s.Flash("", "Saved.") })

	site.visit(func(s *session.Session) { fmt.Println(len(s.PeekFlash(""))) })
	site.visit(func(s *session.Session) { fmt.Println(s.PopFlash("")) })
	// Output:
	// 1
	// [Saved.]
}
