package session_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pyramidgo/redissessions/session"
)

// shape is one way to write a handler. It calls use once, before it answers.
type shape struct {
	name     string
	protocol string // "" for all
	method   string // "" for GET
	serve    func(w http.ResponseWriter, r *http.Request, use func(*http.Request))
	// wrap puts the session's Handler around the application's, by default
	// directly.
	wrap   func(f *session.Factory, next http.Handler) http.Handler
	status int    // 0 for 200
	body   string // of the page; "-" for none
}

// pageText is in the body of every shape that has one.
const pageText = "the page"

// shapes are the handlers that real applications have, from the lists of what
// went wrong with other packages.
func shapes(t *testing.T) []shape {
	file := filepath.Join(t.TempDir(), "page.txt")
	if err := os.WriteFile(file, []byte(pageText), 0o600); err != nil {
		t.Fatal(err)
	}
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Link", "</style.css>; rel=preload")
		w.WriteHeader(http.StatusEarlyHints)
		_, _ = io.WriteString(w, pageText)
	}))
	t.Cleanup(backend.Close)
	target, err := url.Parse(backend.URL)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }}

	// status answers with a status and the page.
	status := func(code int) func(http.ResponseWriter, *http.Request, func(*http.Request)) {
		return func(w http.ResponseWriter, r *http.Request, use func(*http.Request)) {
			use(r)
			w.WriteHeader(code)
			_, _ = io.WriteString(w, pageText)
		}
	}
	return []shape{
		{name: "implicit 200", serve: func(w http.ResponseWriter, r *http.Request, use func(*http.Request)) {
			use(r)
			_, _ = w.Write([]byte(pageText))
		}},
		{name: "WriteHeader", serve: status(http.StatusNotFound), status: http.StatusNotFound},
		{name: "WriteHeader twice", serve: func(w http.ResponseWriter, r *http.Request, use func(*http.Request)) {
			use(r)
			w.WriteHeader(http.StatusOK)
			w.WriteHeader(http.StatusTeapot)
			_, _ = w.Write([]byte(pageText))
		}},
		{name: "io.WriteString", serve: func(w http.ResponseWriter, r *http.Request, use func(*http.Request)) {
			use(r)
			_, _ = io.WriteString(w, pageText)
		}},
		{name: "Flush first", serve: func(w http.ResponseWriter, r *http.Request, use func(*http.Request)) {
			use(r)
			w.(http.Flusher).Flush()
			_, _ = io.WriteString(w, pageText)
		}},
		{name: "ResponseController.Flush", serve: func(w http.ResponseWriter, r *http.Request, use func(*http.Request)) {
			use(r)
			if http.NewResponseController(w).Flush() == nil {
				_, _ = io.WriteString(w, pageText)
			}
		}},
		{name: "ResponseController's deadlines", serve: func(w http.ResponseWriter, r *http.Request, use func(*http.Request)) {
			use(r)
			c := http.NewResponseController(w)
			for _, err := range []error{
				c.SetReadDeadline(time.Now().Add(time.Hour)), c.SetWriteDeadline(time.Now().Add(time.Hour)), c.EnableFullDuplex(),
			} {
				if err != nil {
					t.Error(err)
				}
			}
			_, _ = io.WriteString(w, pageText)
		}},
		{name: "io.Copy from a file", serve: func(w http.ResponseWriter, r *http.Request, use func(*http.Request)) {
			use(r)
			f, err := os.Open(file)
			if err != nil {
				t.Error(err)
				return
			}
			defer f.Close()
			_, _ = io.Copy(w, f) // ReadFrom: sendfile on a plain connection
		}},
		{name: "ServeFile", serve: func(w http.ResponseWriter, r *http.Request, use func(*http.Request)) {
			use(r)
			http.ServeFile(w, r, file)
		}},
		{name: "ServeContent", serve: func(w http.ResponseWriter, r *http.Request, use func(*http.Request)) {
			use(r)
			http.ServeContent(w, r, "page.html", time.Unix(1e9, 0), strings.NewReader(pageText))
		}},
		{name: "Hijack", protocol: "HTTP/1.1", serve: func(w http.ResponseWriter, r *http.Request, use func(*http.Request)) {
			use(r)
			conn, rw, err := w.(http.Hijacker).Hijack()
			if err != nil {
				return
			}
			defer conn.Close()
			// As websocket packages do it: the header is w's.
			_, _ = io.WriteString(rw, "HTTP/1.1 200 OK\r\nConnection: close\r\n")
			_ = w.Header().Write(rw)
			_, _ = io.WriteString(rw, "\r\n"+pageText)
			_ = rw.Flush()
		}},
		{name: "101 and Hijack", protocol: "HTTP/1.1", status: http.StatusSwitchingProtocols, serve: func(w http.ResponseWriter, r *http.Request, use func(*http.Request)) {
			use(r)
			w.Header().Set("Connection", "Upgrade")
			w.Header().Set("Upgrade", "pages")
			w.WriteHeader(http.StatusSwitchingProtocols)
			conn, rw, err := http.NewResponseController(w).Hijack()
			if err != nil {
				return
			}
			defer conn.Close()
			_, _ = io.WriteString(rw, pageText)
			_ = rw.Flush()
		}},
		{name: "Push", protocol: "HTTP/2.0", serve: func(w http.ResponseWriter, r *http.Request, use func(*http.Request)) {
			use(r)
			// The client has switched it off, which the answer tells.
			if err := w.(http.Pusher).Push("/style.css", nil); err != http.ErrNotSupported { //nolint:errorlint // returned as it is
				t.Errorf("Push: %v", err)
			}
			_, _ = io.WriteString(w, pageText)
		}},
		{name: "100 Continue", method: http.MethodPost, serve: func(w http.ResponseWriter, r *http.Request, use func(*http.Request)) {
			w.WriteHeader(http.StatusContinue)
			_, _ = io.Copy(io.Discard, r.Body)
			use(r)
			_, _ = io.WriteString(w, pageText)
		}},
		{name: "103 Early Hints", serve: func(w http.ResponseWriter, r *http.Request, use func(*http.Request)) {
			w.Header().Set("Link", "</style.css>; rel=preload")
			w.WriteHeader(http.StatusEarlyHints)
			w.WriteHeader(http.StatusEarlyHints)
			use(r)
			_, _ = io.WriteString(w, pageText)
		}},
		{name: "204", serve: status(http.StatusNoContent), status: http.StatusNoContent, body: "-"},
		{name: "304", serve: status(http.StatusNotModified), status: http.StatusNotModified, body: "-"},
		{name: "HEAD", method: http.MethodHead, serve: status(http.StatusOK), body: "-"},
		{name: "redirect", status: http.StatusSeeOther, body: "-", serve: func(w http.ResponseWriter, r *http.Request, use func(*http.Request)) {
			use(r)
			http.Redirect(w, r, "/elsewhere", http.StatusSeeOther)
		}},
		{name: "http.Error", status: http.StatusConflict, serve: func(w http.ResponseWriter, r *http.Request, use func(*http.Request)) {
			use(r)
			http.Error(w, pageText, http.StatusConflict)
		}},
		{name: "nothing written", body: "-", serve: func(_ http.ResponseWriter, r *http.Request, use func(*http.Request)) { use(r) }},
		{name: "server-sent events", serve: func(w http.ResponseWriter, r *http.Request, use func(*http.Request)) {
			use(r)
			w.Header().Set("Content-Type", "text/event-stream")
			for range 3 {
				if _, err := fmt.Fprintf(w, "data: %s\n\n", pageText); err != nil {
					return
				}
				w.(http.Flusher).Flush()
			}
		}},
		{name: "several goroutines", serve: func(w http.ResponseWriter, r *http.Request, use func(*http.Request)) {
			var mu sync.Mutex // a ResponseWriter needs one
			var wg sync.WaitGroup
			use(r)
			for range 4 {
				wg.Go(func() {
					mu.Lock()
					defer mu.Unlock()
					_, _ = io.WriteString(w, pageText)
				})
			}
			wg.Wait()
		}},
		{name: "reverse proxy", serve: func(w http.ResponseWriter, r *http.Request, use func(*http.Request)) {
			use(r)
			proxy.ServeHTTP(w, r)
		}},
		{name: "TimeoutHandler inside", serve: status(http.StatusOK), wrap: func(f *session.Factory, next http.Handler) http.Handler {
			return f.Handler(http.TimeoutHandler(next, time.Hour, ""))
		}},
		{name: "TimeoutHandler outside", serve: status(http.StatusOK), wrap: func(f *session.Factory, next http.Handler) http.Handler {
			return http.TimeoutHandler(f.Handler(next), time.Hour, "")
		}},
		{name: "a Handler in a Handler", serve: status(http.StatusOK), wrap: func(f *session.Factory, next http.Handler) http.Handler {
			return f.Handler(f.Handler(next))
		}},
		{name: "middleware that only embeds", serve: func(w http.ResponseWriter, r *http.Request, use func(*http.Request)) {
			use(r)
			inner := struct{ http.ResponseWriter }{w}
			_, _ = io.Copy(inner, bytes.NewReader([]byte(pageText)))
		}},
	}
}
