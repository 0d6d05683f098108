package apps

import (
	"crypto/rand"
	"fmt"
	"io"
	"maps"
	"net/http"

	"github.com/pyramidgo/redissessions/factory"
	"github.com/pyramidgo/redissessions/session"
	"github.com/pyramidgo/redissessions/settings"
)

// ours is the application on this library.
type ours struct {
	*content
	sessions *session.Factory
}

// openOurs returns how to open the application with some settings of its own.
func openOurs(extra map[string]any) func(Config) (Site, error) {
	return func(cfg Config) (Site, error) {
		own := map[string]any{
			"secret": rand.Text() + rand.Text(),
			"url":    "redis://" + cfg.Redis + "/0",
			// The default, 1 MiB, is less than the largest records of the
			// comparison. The limit costs the same wherever it is.
			"max_record_bytes": "16 MiB",
		}
		if cfg.Sliding {
			own["timeout"] = lifetime.String()
		} else {
			// The others, too, end a session at a fixed time after its creation
			// when they are asked for no more.
			own["timeout"], own["absolute_timeout"] = 0, lifetime.String()
		}
		maps.Copy(own, extra)
		sessions, err := factory.FromSettings(settings.Map{"redis.sessions": own})
		if err != nil {
			return nil, fmt.Errorf("apps: redissessions: %w", err)
		}
		o := &ours{newContent(cfg), sessions}
		mux := routes{create: o.create, read: o.read, write: o.write, invalidate: o.invalidate}.mux()
		return newHTTPSite(sessions.Handler(mux), sessions.Close), nil
	}
}

func (o *ours) create(w http.ResponseWriter, r *http.Request) {
	s, err := o.sessions.Get(r)
	if err != nil {
		return // the Handler answers
	}
	for i, name := range o.names {
		s.Set(name, o.values[i])
	}
	_, _ = io.WriteString(w, done)
}

func (o *ours) read(w http.ResponseWriter, r *http.Request) {
	s, err := o.sessions.Get(r)
	if err != nil {
		return // the Handler answers
	}
	value, _ := session.Value[string](s, o.key(r.URL.RawQuery))
	_, _ = io.WriteString(w, value)
}

func (o *ours) write(w http.ResponseWriter, r *http.Request) {
	s, err := o.sessions.Get(r)
	if err != nil {
		return // the Handler answers
	}
	value := o.next()
	s.Set(o.asked, value)
	_, _ = io.WriteString(w, value)
}

func (o *ours) invalidate(w http.ResponseWriter, r *http.Request) {
	if err := o.sessions.Invalidate(r); err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	_, _ = io.WriteString(w, done)
}
