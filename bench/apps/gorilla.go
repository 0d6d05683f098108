package apps

import (
	"io"
	"net/http"

	"github.com/gorilla/sessions"
)

// gorillaCookie is the name of the session and of its cookie.
const gorillaCookie = "session"

// gorilla is the application on gorilla/sessions, whichever store it uses.
type gorilla struct {
	*content
	store sessions.Store
}

func newGorilla(cfg Config, store sessions.Store, closeRedis func() error) Site {
	return (&gorilla{newContent(cfg), store}).site(nil, closeRedis)
}

func (g *gorilla) site(more map[string]http.HandlerFunc, closeRedis func() error) Site {
	mux := routes{create: g.create, read: g.read, write: g.write, invalidate: g.invalidate, more: more}.mux()
	return newHTTPSite(mux, closeRedis)
}

func (g *gorilla) create(w http.ResponseWriter, r *http.Request) {
	s, ok := g.get(w, r)
	if !ok {
		return
	}
	for i, name := range g.names {
		s.Values[name] = g.values[i]
	}
	g.save(w, r, s, done)
}

func (g *gorilla) read(w http.ResponseWriter, r *http.Request) {
	s, ok := g.get(w, r)
	if !ok {
		return
	}
	value, _ := s.Values[g.key(r.URL.RawQuery)].(string)
	_, _ = io.WriteString(w, value)
}

func (g *gorilla) write(w http.ResponseWriter, r *http.Request) {
	s, ok := g.get(w, r)
	if !ok {
		return
	}
	value := g.next()
	s.Values[g.asked] = value
	g.save(w, r, s, value)
}

func (g *gorilla) invalidate(w http.ResponseWriter, r *http.Request) {
	s, ok := g.get(w, r)
	if !ok {
		return
	}
	s.Options.MaxAge = -1
	g.save(w, r, s, done)
}

func (g *gorilla) get(w http.ResponseWriter, r *http.Request) (*sessions.Session, bool) {
	s, err := g.store.Get(r, gorillaCookie)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
	return s, err == nil
}

// save saves the session, which must come before the page, and writes the page.
func (g *gorilla) save(w http.ResponseWriter, r *http.Request, s *sessions.Session, page string) {
	if err := s.Save(r, w); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	_, _ = io.WriteString(w, page)
}
