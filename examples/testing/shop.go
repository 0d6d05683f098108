// Package shop is the application whose handlers docs/testing.md tests.
package shop

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/pyramidgo/redissessions/session"
)

func newShop(sessions *session.Factory) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /cart", showCart)
	mux.HandleFunc("POST /cart", addToCart)
	mux.HandleFunc("POST /visit", visitAndLose)
	mux.HandleFunc("POST /visit-counted", visitAndCount)
	return sessions.Handler(new(session.CSRFProtection).Handler(mux))
}

// customer returns the session of a visitor who has logged in. Otherwise the request
// is answered.
func customer(w http.ResponseWriter, r *http.Request) (*session.Session, bool) {
	s, err := session.FromRequest(r)
	if err != nil {
		return nil, false // the Handler answers: 503 when Redis is down
	}
	if !s.Has("user") {
		http.Redirect(w, r, "/login", http.StatusSeeOther)
		return nil, false
	}
	return s, true
}

func showCart(w http.ResponseWriter, r *http.Request) {
	s, ok := customer(w, r)
	if !ok {
		return
	}
	for _, message := range session.PopFlash[string](s, "") {
		fmt.Fprintln(w, message)
	}
	cart, _ := session.Value[[]string](s, "cart")
	fmt.Fprintf(w, "your cart: %s\n", strings.Join(cart, ", "))
}

func addToCart(w http.ResponseWriter, r *http.Request) {
	s, ok := customer(w, r)
	if !ok {
		return
	}
	item := r.FormValue("add")
	session.Modify(s, "cart", func(cart []string) []string { return append(cart, item) })
	s.Flash("", item+" is in your cart")
	http.Redirect(w, r, "/cart", http.StatusSeeOther)
}

func visitAndLose(_ http.ResponseWriter, r *http.Request) {
	s, err := session.FromRequest(r)
	if err != nil {
		return
	}
	n, _ := session.Value[int](s, "visits")
	s.Set("visits", n+1) // another request may have read the same n
}

func visitAndCount(_ http.ResponseWriter, r *http.Request) {
	s, err := session.FromRequest(r)
	if err != nil {
		return
	}
	session.Modify(s, "visits", func(n int) int { return n + 1 })
}
