package session

import (
	"errors"
	"log/slog"
	"net/http"
)

// What goes out in place of a page whose session could not be loaded or saved.

// errPageReplaced is what a handler gets from its writes once the error
// handler has answered in its place.
var errPageReplaced = errors.New("session: the session failed and the error handler has answered; the page is not sent")

// fail lets the error handler answer, without what the application said of the
// page that is not sent.
func (x *exchange) fail(err error) {
	x.log("session: the page was not sent", err)
	for _, name := range pageHeaders {
		x.h.Del(name)
	}
	if len(x.outside) > 0 {
		x.h["Content-Encoding"] = x.outside
	}
	x.h.Set("Cache-Control", "no-store")
	w := &answerWriter{ResponseWriter: x.w}
	x.f.opts.ErrorHandler(w, x.r, err)
	if !w.begun {
		// An empty answer would go out as 200, as if all were well.
		answerError(x.w, x.r, err)
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.answered = true
}

func (x *exchange) hasAnswered() bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.answered
}

// pageHeaders describe the page itself; they are wrong for any other.
var pageHeaders = []string{
	"Accept-Ranges", "Connection", "Content-Digest", "Content-Disposition",
	"Content-Encoding", "Content-Language", "Content-Length", "Content-Location",
	"Content-Range", "Content-Type", "Etag", "Expires", "Last-Modified", "Link",
	"Location", "Refresh", "Repr-Digest", "Trailer", "Transfer-Encoding", "Upgrade",
}

// answerWriter notes whether the error handler has begun an answer. Beyond
// that it is an ordinary ResponseWriter.
type answerWriter struct {
	http.ResponseWriter
	begun bool
}

func (w *answerWriter) WriteHeader(code int) {
	w.begun = w.begun || !informational(code)
	w.ResponseWriter.WriteHeader(code)
}

func (w *answerWriter) Write(b []byte) (int, error) {
	w.begun = true
	return w.ResponseWriter.Write(b)
}

// Unwrap is for http.ResponseController. Who goes past Write like this has an
// answer to give.
func (w *answerWriter) Unwrap() http.ResponseWriter {
	w.begun = true
	return w.ResponseWriter
}

// answerError is the default error handler. It tells the visitor nothing but
// whose fault it is.
func answerError(w http.ResponseWriter, _ *http.Request, err error) {
	code := http.StatusInternalServerError
	if errors.Is(err, ErrUnavailable) {
		code = http.StatusServiceUnavailable
	}
	http.Error(w, http.StatusText(code), code)
}

// log reports an error that the visitor does not see in full. The request is
// named by its route, not by its URL, which may hold secrets.
func (x *exchange) log(msg string, err error) {
	x.f.opts.Logger.LogAttrs(x.r.Context(), slog.LevelError, msg,
		slog.String("method", x.r.Method), slog.String("route", x.r.Pattern), errorAttr(err))
}
