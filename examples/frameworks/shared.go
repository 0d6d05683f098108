package main

import (
	"encoding/json"
	"fmt"
	"log"
	"net/http"

	"github.com/coder/websocket"
	"github.com/klauspost/compress/gzhttp"
	"github.com/pyramidgo/redissessions/session"
)

// Handlers of net/http, which every framework but fiber can mount.

// events is a stream of server-sent events.
func (a *app) events(w http.ResponseWriter, r *http.Request) {
	s, err := session.FromRequest(r)
	if err != nil {
		return
	}
	s.Set("listening", true) // saved before the first byte
	w.Header().Set("Content-Type", "text/event-stream")
	control := http.NewResponseController(w)
	a.listen(r.Context(), s, func(line string) error {
		fmt.Fprintf(w, "data: %s\n\n", line)
		return control.Flush()
	})
}

// socket is a websocket.
func (a *app) socket(w http.ResponseWriter, r *http.Request) {
	s, err := session.FromRequest(r)
	if err != nil {
		return
	}
	s.Set("listening", true) // saved before the connection is taken over
	conn, err := websocket.Accept(w, r, nil)
	if err != nil {
		return // Accept has answered
	}
	defer func() { _ = conn.CloseNow() }()
	ctx := conn.CloseRead(r.Context())
	a.listen(ctx, s, func(line string) error {
		return conn.Write(ctx, websocket.MessageText, []byte(line))
	})
	_ = conn.Close(websocket.StatusNormalClosure, "the session has ended")
}

// slow never ends by itself.
func (a *app) slow() http.Handler {
	return http.TimeoutHandler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		s, err := session.FromRequest(r)
		if err != nil {
			return
		}
		sign(s, "the slow one")
		<-r.Context().Done()
	}), a.limit, "too slow")
}

// failing changes the session and panics.
func failing(_ http.ResponseWriter, r *http.Request) {
	if s, err := session.FromRequest(r); err == nil {
		sign(s, "the one that panics")
	}
	panic("a mistake in the program")
}

// recovered answers a panic with an error page. net/http itself only closes the
// connection.
func recovered(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			switch v := recover(); v {
			case nil:
			case http.ErrAbortHandler:
				panic(v)
			default:
				log.Printf("%s: panic: %v", r.URL.Path, v)
				http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
			}
		}()
		next.ServeHTTP(w, r)
	})
}

// compressed is gzip for any net/http handler.
func compressed(next http.Handler) http.Handler {
	wrap, err := gzhttp.NewWrapper(gzhttp.MinSize(0))
	if err != nil {
		panic(err) // an option that does not exist
	}
	return wrap(next)
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}
