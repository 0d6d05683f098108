package session_test

import (
	"fmt"

	"github.com/pyramidgo/redissessions/session"
)

// A session is a dict. What one request has set, the next one finds.
func ExampleSession() {
	site := newExampleSite()
	defer func() { _ = site.Close() }()
	site.visit(func(s *session.Session) {
		s.Set("name", "ann")
		s.Update(map[string]any{"visits": 1, "theme": "dark"})
	})

	site.visit(func(s *session.Session) {
		s.Delete("theme")
		fmt.Println(s.Get("name"))
		fmt.Println(s.Has("theme"), s.Len(), s.Keys())
		for key, value := range s.All() {
			fmt.Println(key, value)
		}
	})
	// Output:
	// ann true
	// false 2 [name visits]
	// name ann
	// visits 1
}

// The value is set once. Of two requests that do so at the same time, both have the value of
// the one that is saved first, from their next requests on.
func ExampleSession_SetDefault() {
	site := newExampleSite()
	defer func() { _ = site.Close() }()
	for _, variant := range []string{"A", "B"} {
		site.visit(func(s *session.Session) { fmt.Println(s.SetDefault("variant", variant)) })
	}
	// Output:
	// A
	// A
}

// A struct comes back as one. It is not registered anywhere.
func ExampleValue() {
	type address struct{ Street, Town string }
	site := newExampleSite()
	defer func() { _ = site.Close() }()
	site.visit(func(s *session.Session) {
		s.Set("ship_to", address{"12 Marsham St", "London"})
		s.Set("visits", 3)
	})

	site.visit(func(s *session.Session) {
		to, ok := session.Value[address](s, "ship_to")
		fmt.Println(to.Town, ok)
		visits, ok := session.Value[float64](s, "visits") // exactly, or not at all
		fmt.Println(visits, ok)
		_, ok = session.Value[int](s, "ship_to")
		fmt.Println(ok)
	})
	// Output:
	// London true
	// 3 true
	// false
}

// Two requests that overlap count up one value. The save of the second finds a newer
// record and runs its function again, on that.
func ExampleModify() {
	site := newExampleSite()
	defer func() { _ = site.Close() }()
	site.visit(func(s *session.Session) { s.Set("visits", 1) })
	count := func(s *session.Session) {
		session.Modify(s, "visits", func(n int) int { return n + 1 })
	}

	site.visit(func(slow *session.Session) {
		count(slow)
		site.visit(count) // another tab, from its load to its save
	})
	site.visit(func(s *session.Session) {
		fmt.Println(session.Value[int](s, "visits"))
	})
	// Output: 3 true
}

func ExampleSession_Modify() {
	site := newExampleSite()
	defer func() { _ = site.Close() }()
	site.visit(func(s *session.Session) { s.Set("cart", []string{"pen"}) })

	site.visit(func(s *session.Session) {
		s.Modify("cart", func(old any) any {
			items, _ := old.([]any) // what was loaded is of the plain types
			return append(items, "book")
		})
		cart, _ := s.Get("cart")
		fmt.Println(cart)
	})
	// Output: [pen book]
}

// A request that answers by a redirect leaves a message for the page that follows.
func ExampleSession_Flash() {
	site := newExampleSite()
	defer func() { _ = site.Close() }()
	site.visit(func(s *session.Session) {
		s.Flash("", "Saved.")
		s.Flash("errors", "One picture was too large.")
	})

	site.visit(func(page *session.Session) {
		fmt.Println(page.PopFlash(""), page.PopFlash("errors"))
	})
	site.visit(func(reloaded *session.Session) {
		fmt.Println(reloaded.PopFlash(""), reloaded.PopFlash("errors"))
	})
	// Output:
	// [Saved.] [One picture was too large.]
	// [] []
}

func ExampleSession_PopFlash() {
	site := newExampleSite()
	defer func() { _ = site.Close() }()
	site.visit(func(s *session.Session) {
		s.Flash("", "first")
		s.Flash("", "second")
		fmt.Println(s.PeekFlash("")) // they stay
		for _, message := range s.PopFlash("") {
			fmt.Println(message)
		}
		fmt.Println(len(s.PopFlash("")))
	})
	// Output:
	// [first second]
	// first
	// second
	// 0
}

// A message that is waiting already is not added again.
func ExampleSession_FlashOnce() {
	site := newExampleSite()
	defer func() { _ = site.Close() }()
	for range 3 {
		site.visit(func(s *session.Session) { s.FlashOnce("", "Your trial ends tomorrow.") })
	}
	site.visit(func(s *session.Session) { fmt.Println(s.PopFlash("")) })
	// Output: [Your trial ends tomorrow.]
}
