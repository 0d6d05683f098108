package apps

import (
	"io"
	"net/http"

	"github.com/alexedwards/scs/goredisstore"
	"github.com/alexedwards/scs/redisstore"
	"github.com/alexedwards/scs/v2"
	"github.com/redis/go-redis/v9"
)

// scsApp is the application on alexedwards/scs.
type scsApp struct {
	*content
	sessions *scs.SessionManager
}

func openSCSGoRedis(cfg Config) (Site, error) {
	client := redis.NewClient(&redis.Options{Addr: cfg.Redis})
	return newSCS(cfg, goredisstore.New(client)).site(nil, client.Close), nil
}

func openSCSRedigo(cfg Config) (Site, error) {
	pool := newRedigoPool(cfg.Redis)
	return newSCS(cfg, redisstore.New(pool)).site(nil, pool.Close), nil
}

func newSCS(cfg Config, store scs.Store) *scsApp {
	s := &scsApp{newContent(cfg), scs.New()}
	s.sessions.Store = store
	if cfg.Sliding {
		s.sessions.IdleTimeout = lifetime
	} else {
		s.sessions.Lifetime = lifetime
	}
	return s
}

func (s *scsApp) site(more map[string]http.HandlerFunc, closeRedis func() error) Site {
	mux := routes{create: s.create, read: s.read, write: s.write, invalidate: s.invalidate, more: more}.mux()
	return newHTTPSite(s.sessions.LoadAndSave(mux), closeRedis)
}

func (s *scsApp) create(w http.ResponseWriter, r *http.Request) {
	for i, name := range s.names {
		s.sessions.Put(r.Context(), name, s.values[i])
	}
	_, _ = io.WriteString(w, done)
}

func (s *scsApp) read(w http.ResponseWriter, r *http.Request) {
	value := s.sessions.GetString(r.Context(), s.key(r.URL.RawQuery))
	_, _ = io.WriteString(w, value)
}

func (s *scsApp) write(w http.ResponseWriter, r *http.Request) {
	value := s.next()
	s.sessions.Put(r.Context(), s.asked, value)
	_, _ = io.WriteString(w, value)
}

func (s *scsApp) invalidate(w http.ResponseWriter, r *http.Request) {
	if err := s.sessions.Destroy(r.Context()); err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	_, _ = io.WriteString(w, done)
}
