package apps

import (
	"crypto/rand"
	"encoding/base64"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/redis/go-redis/v9"
)

const (
	bareCookie = "session"
	barePrefix = "bare:"
)

// bare is the yardstick: what the routes cost without a session library. It
// parses the cookie, sends the commands that cannot be done without, and trusts
// everybody. Its record is the names and the values of the keys one after the
// other, which is as short as a record can be.
//
// It is the same with a sliding timeout: what sliding costs is for the libraries
// to show.
type bare struct {
	*content
	client *redis.Client
}

func openBare(cfg Config) (Site, error) {
	b := &bare{newContent(cfg), redis.NewClient(&redis.Options{Addr: cfg.Redis})}
	mux := routes{create: b.create, read: b.read, write: b.write, invalidate: b.invalidate}.mux()
	return newHTTPSite(mux, b.client.Close), nil
}

func (b *bare) create(w http.ResponseWriter, r *http.Request) {
	var record strings.Builder
	record.Grow(len(b.names) * b.cell())
	for i, name := range b.names {
		record.WriteString(name)
		record.WriteString(b.values[i])
	}
	secret := make([]byte, 32)
	_, _ = rand.Read(secret) // never fails, says its documentation
	id := base64.RawURLEncoding.EncodeToString(secret)
	if err := b.client.Set(r.Context(), barePrefix+id, record.String(), lifetime).Err(); err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	http.SetCookie(w, &http.Cookie{Name: bareCookie, Value: id, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
	_, _ = io.WriteString(w, done)
}

func (b *bare) read(w http.ResponseWriter, r *http.Request) {
	_, record, ok := b.load(w, r)
	if !ok {
		return
	}
	_, _ = w.Write(b.cellOf(record, b.key(r.URL.RawQuery)))
}

func (b *bare) write(w http.ResponseWriter, r *http.Request) {
	key, record, ok := b.load(w, r)
	if !ok {
		return
	}
	value := b.next()
	copy(b.cellOf(record, b.asked), value)
	if err := b.client.Set(r.Context(), key, record, lifetime).Err(); err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	_, _ = io.WriteString(w, value)
}

func (b *bare) invalidate(w http.ResponseWriter, r *http.Request) {
	c, err := r.Cookie(bareCookie)
	if err != nil {
		http.Error(w, err.Error(), http.StatusUnauthorized)
		return
	}
	if err := b.client.Del(r.Context(), barePrefix+c.Value).Err(); err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	http.SetCookie(w, &http.Cookie{Name: bareCookie, Path: "/", MaxAge: -1, HttpOnly: true, SameSite: http.SameSiteLaxMode})
	_, _ = io.WriteString(w, done)
}

// load returns the visitor's record, or answers that there is none.
func (b *bare) load(w http.ResponseWriter, r *http.Request) (key string, record []byte, ok bool) {
	c, err := r.Cookie(bareCookie)
	if err != nil {
		http.Error(w, err.Error(), http.StatusUnauthorized)
		return "", nil, false
	}
	key = barePrefix + c.Value
	record, err = b.client.Get(r.Context(), key).Bytes()
	switch {
	case err == redis.Nil: //nolint:errorlint // go-redis returns it as it is
		http.Error(w, "no session", http.StatusUnauthorized)
	case err != nil:
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
	}
	return key, record, err == nil
}

// cell is how many bytes of a record one key takes.
func (b *bare) cell() int { return len(b.asked) + len(b.filler) }

// cellOf returns the value of a key inside a record, or nil.
func (b *bare) cellOf(record []byte, key string) []byte {
	i := slices.Index(b.names, key)
	if i < 0 || len(record) != len(b.names)*b.cell() {
		return nil
	}
	return record[i*b.cell()+len(key) : (i+1)*b.cell()]
}
