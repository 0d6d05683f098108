package apps

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/alexedwards/scs/goredisstore"
	"github.com/redis/go-redis/v9"

	"github.com/pyramidgo/redissessions/factory"
	"github.com/pyramidgo/redissessions/session"
)

// Contended is an application whose sessions many requests change at once. Beside
// /create of every application it has routes for that:
//
//	/own?n=17  sets a key that no other request sets
//	/count     adds one to a counter that all of them share
//	/held      writes how many of the own keys there are, and the counter
type Contended struct {
	Name string
	// Open starts the application. meet is called by /own and /count between the load of
	// the session and its change, so that requests can wait there for each other; observe
	// gets the events of the libraries that have some, or is nil.
	Open func(cfg Config, meet func(), observe session.Observer) (Site, error)
}

// AllContended returns one application of each library.
func AllContended() []Contended {
	return []Contended{
		{"redissessions", openOursContended},
		{"redissessions, four processes", openFourContended},
		{"scs goredisstore", openSCSContended},
		{"gorilla boj/redistore", openGorillaContended},
	}
}

const (
	counterKey = "counter"
	ownPrefix  = "own-"
	ownValue   = "0123456789"
)

// ownKey returns the key of a request to /own.
func ownKey(r *http.Request) string { return ownPrefix + strings.TrimPrefix(r.URL.RawQuery, "n=") }

// writeHeld writes the answer of /held.
func writeHeld[K any](w io.Writer, keys iter.Seq[K], counter int) {
	own := 0
	for key := range keys {
		if strings.HasPrefix(fmt.Sprint(key), ownPrefix) {
			own++
		}
	}
	_, _ = fmt.Fprintf(w, "%d %d", own, counter)
}

func openOursContended(cfg Config, meet func(), observe session.Observer) (Site, error) {
	return oursContended(cfg, nil, meet, observe)
}

// several are sites that share their sessions; requests go to one after another.
type several struct {
	Site  // the first
	sites []Site
	calls atomic.Uint64
}

// openFourContended opens four factories. They know no more of each other than four
// processes do: their writers do not take turns.
func openFourContended(cfg Config, meet func(), observe session.Observer) (Site, error) {
	s, secret := &several{}, map[string]any{"secret": rand.Text() + rand.Text()}
	for range 4 {
		site, err := oursContended(cfg, secret, meet, observe)
		if err != nil {
			return nil, errors.Join(err, s.Close())
		}
		s.sites = append(s.sites, site)
	}
	s.Site = s.sites[0]
	return s, nil
}

// Call implements Site.
func (s *several) Call(route, cookie string) (Answer, error) {
	return s.sites[s.calls.Add(1)%uint64(len(s.sites))].Call(route, cookie)
}

// Close implements Site.
func (s *several) Close() error {
	var errs []error
	for _, site := range s.sites {
		errs = append(errs, site.Close())
	}
	return errors.Join(errs...)
}

func oursContended(cfg Config, extra map[string]any, meet func(), observe session.Observer) (Site, error) {
	o, err := newOurs(cfg, extra, factory.WithObserver(observe))
	if err != nil {
		return nil, err
	}
	// change answers with what f says of a session that is loaded.
	change := func(f func(s *session.Session, r *http.Request)) http.HandlerFunc {
		return func(_ http.ResponseWriter, r *http.Request) {
			if s, err := o.sessions.Get(r); err == nil { // else the Handler answers
				meet()
				f(s, r)
			}
		}
	}
	return o.site(map[string]http.HandlerFunc{
		"/own": change(func(s *session.Session, r *http.Request) { s.Set(ownKey(r), ownValue) }),
		"/count": change(func(s *session.Session, _ *http.Request) {
			session.Modify(s, counterKey, func(n int) int { return n + 1 })
		}),
		"/held": func(w http.ResponseWriter, r *http.Request) {
			if s, err := o.sessions.Get(r); err == nil {
				n, _ := session.Value[int](s, counterKey)
				writeHeld(w, slices.Values(s.Keys()), n)
			}
		},
	}), nil
}

func openSCSContended(cfg Config, meet func(), _ session.Observer) (Site, error) {
	client := redis.NewClient(&redis.Options{Addr: cfg.Redis})
	s := newSCS(cfg, goredisstore.New(client))
	return s.site(map[string]http.HandlerFunc{
		// scs has loaded the session before it calls a handler.
		"/own": func(_ http.ResponseWriter, r *http.Request) {
			meet()
			s.sessions.Put(r.Context(), ownKey(r), ownValue)
		},
		"/count": func(_ http.ResponseWriter, r *http.Request) {
			meet()
			s.sessions.Put(r.Context(), counterKey, s.sessions.GetInt(r.Context(), counterKey)+1)
		},
		"/held": func(w http.ResponseWriter, r *http.Request) {
			writeHeld(w, slices.Values(s.sessions.Keys(r.Context())), s.sessions.GetInt(r.Context(), counterKey))
		},
	}, client.Close), nil
}

func openGorillaContended(cfg Config, meet func(), _ session.Observer) (Site, error) {
	store, err := bojStore(cfg)
	if err != nil {
		return nil, err
	}
	g := &gorilla{newContent(cfg), store}
	return g.site(map[string]http.HandlerFunc{
		"/own": func(w http.ResponseWriter, r *http.Request) {
			if s, ok := g.get(w, r); ok {
				meet()
				s.Values[ownKey(r)] = ownValue
				g.save(w, r, s, done)
			}
		},
		"/count": func(w http.ResponseWriter, r *http.Request) {
			if s, ok := g.get(w, r); ok {
				meet()
				n, _ := s.Values[counterKey].(int)
				s.Values[counterKey] = n + 1
				g.save(w, r, s, done)
			}
		},
		"/held": func(w http.ResponseWriter, r *http.Request) {
			if s, ok := g.get(w, r); ok {
				n, _ := s.Values[counterKey].(int)
				writeHeld(w, maps.Keys(s.Values), n)
			}
		},
	}, store.Close), nil
}
