package session

import (
	"log/slog"
	"net/http"
)

// lateUse tells the log of a session that is asked for when the header has been
// sent: its page does not say that it depends on the cookie, and cannot be taken
// back when the load fails.
func (x *exchange) lateUse() {
	if !x.sent {
		return
	}
	if x.shared && x.f.late.first(x.r.Pattern) {
		x.f.opts.Logger.LogAttrs(x.r.Context(), slog.LevelError,
			"session: the session was first asked for after the response had begun, which therefore has no Vary: Cookie: a cache may show the page to other visitors; ask for the session before the first write, or set Vary or Cache-Control",
			slog.String("method", x.r.Method), slog.String("route", x.r.Pattern))
	}
	if x.loadErr != nil {
		x.log("session: the page had been sent when this failed", x.loadErr)
	}
}

// shared reports whether a header lets a cache give its response to visitors with
// other cookies (RFC 9111, sections 3.5 and 4.1).
func shared(h http.Header) bool {
	return !lists(h["Vary"], "Cookie") && !lists(h["Vary"], "*") &&
		!lists(h["Cache-Control"], "no-store") && !lists(h["Cache-Control"], "private")
}
