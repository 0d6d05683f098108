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
	return func(cfg Config) (Site, error) { return OpenOurs(cfg, extra) }
}

// OpenOurs opens the application with some settings of its own, such as the url of a
// cluster.
func OpenOurs(cfg Config, extra map[string]any) (Site, error) {
	o, err := newOurs(cfg, extra)
	if err != nil {
		return nil, err
	}
	return o.site(nil), nil
}

func newOurs(cfg Config, extra map[string]any, opts ...factory.Option) (*ours, error) {
	own := map[string]any{
		"secret": rand.Text() + rand.Text(),
		"url":    "redis://" + cfg.Redis + "/0",
		// The default, 1 MiB, is less than the largest records of the
		// comparison. The limit costs the same wherever it is.
		"max_record_bytes": "16 MiB",
		// The default, auto, sends some commands together: an application whose name says
		// so has it.
		"auto_pipeline": "off",
	}
	if cfg.Sliding {
		own["timeout"] = lifetime.String()
	} else {
		// The others, too, end a session at a fixed time after its creation
		// when they are asked for no more.
		own["timeout"], own["absolute_timeout"] = 0, lifetime.String()
	}
	maps.Copy(own, extra)
	sessions, err := factory.FromSettings(settings.Map{"redis.sessions": own}, opts...)
	if err != nil {
		return nil, fmt.Errorf("apps: redissessions: %w", err)
	}
	return &ours{newContent(cfg), sessions}, nil
}

func (o *ours) site(more map[string]http.HandlerFunc) Site {
	mux := routes{create: o.create, read: o.read, write: o.write, invalidate: o.invalidate, more: more}.mux()
	return newHTTPSite(o.sessions.Handler(mux), o.sessions.Close)
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
