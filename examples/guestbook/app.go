package main

import (
	"embed"
	"net/http"
	"time"

	"github.com/pyramidgo/redissessions/session"
)

//go:embed static
var static embed.FS

// app is the guestbook: its entries, and the sessions of its visitors.
type app struct {
	sessions *session.Factory
	book     book
	now      func() time.Time
}

func newApp(sessions *session.Factory) *app {
	return &app{sessions: sessions, now: time.Now}
}

func (a *app) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", a.home)
	mux.HandleFunc("POST /sign", a.sign)
	mux.HandleFunc("POST /login", a.login)
	mux.HandleFunc("POST /logout", a.logout)
	mux.HandleFunc("GET /devices", a.devices)
	mux.HandleFunc("POST /devices/end", a.endDevice)
	mux.HandleFunc("POST /devices/end-others", a.endOthers)
	mux.Handle("GET /static/", kept(http.FileServerFS(static)))
	mux.HandleFunc("GET /", notFound)

	// Browsers say where a request comes from. This refuses what comes from
	// another site before the token is even looked at.
	origin := http.NewCrossOriginProtection()
	origin.SetDenyHandler(http.HandlerFunc(refuse))
	return origin.Handler(mux)
}

// withHeaders adds what every answer tells the browser: run no script, load
// nothing from elsewhere, be shown in nobody's frame, and keep no page, so that
// the back button shows nothing of a visitor who has logged out.
func withHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// kept lets the browser keep a file for a while: it is the same for everybody.
func kept(files http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "public, max-age=300")
		files.ServeHTTP(w, r)
	})
}
