package main

import (
	"crypto/rand"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/pyramidgo/redissessions/connect"
	"github.com/pyramidgo/redissessions/connect/goredis"
	"github.com/pyramidgo/redissessions/internal/connecttest"
	"github.com/pyramidgo/redissessions/session"
)

// BenchmarkRemembered is a request that reads its session of 10 keys: an ordinary one, one
// that stays logged in, and those of set_redis_ttl = false.
func BenchmarkRemembered(b *testing.B) {
	addr := connecttest.RedisServer(b).Addr()
	const month = 30 * 24 * time.Hour
	for _, row := range []struct {
		name string
		edit func(*session.Options)
		do   func(*session.Session)
	}{
		{"ordinary", func(*session.Options) {}, func(*session.Session) {}},
		{"remembered", func(*session.Options) {}, func(s *session.Session) { s.Remember(month) }},
		{"inrecord", func(o *session.Options) { o.ExpiryInRecord = true }, func(*session.Session) {}},
		{"python", func(o *session.Options) { o.Format = session.FormatPyramidRedisSessions }, func(*session.Session) {}},
		{"pythonremembered", func(o *session.Options) { o.Format = session.FormatPyramidRedisSessions }, func(s *session.Session) { s.Remember(month) }},
	} {
		store, err := goredis.Connect(b.Context(), connect.Options{URL: "redis://" + addr})
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { _ = store.Close() })
		o := &session.Options{Secret: rand.Text() + rand.Text(), Logger: slog.New(slog.DiscardHandler)}
		row.edit(o)
		f, err := session.NewFactory(store, o)
		if err != nil {
			b.Fatal(err)
		}
		keys := []string{"k0", "k1", "k2", "k3", "k4", "k5", "k6", "k7", "k8", "k9"}
		value := rand.Text() + rand.Text() + rand.Text() + rand.Text()
		h := f.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			s, err := f.Get(r)
			if err != nil {
				return // the Handler answers
			}
			if s.IsNew() {
				for _, key := range keys {
					s.Set(key, value)
				}
				row.do(s)
			}
			got, _ := session.Value[string](s, "k5")
			_, _ = io.WriteString(w, got)
		}))
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", http.NoBody))
		cookies := w.Result().Cookies()
		if len(cookies) != 1 {
			b.Fatalf("%d cookies", len(cookies))
		}
		cookie := cookies[0].Name + "=" + cookies[0].Value
		b.Run(row.name+"/call", func(b *testing.B) {
			r := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
			r.Header.Set("Cookie", cookie)
			for b.Loop() {
				w := httptest.NewRecorder()
				h.ServeHTTP(w, r)
				if w.Body.Len() != len(value) {
					b.Fatal("the session is not there")
				}
			}
		})
		b.Run(row.name+"/http", func(b *testing.B) {
			srv := httptest.NewServer(h)
			defer srv.Close()
			r, err := http.NewRequestWithContext(b.Context(), http.MethodGet, srv.URL, http.NoBody)
			if err != nil {
				b.Fatal(err)
			}
			r.Header.Set("Cookie", cookie)
			client := srv.Client()
			for b.Loop() {
				resp, err := client.Do(r)
				if err != nil {
					b.Fatal(err)
				}
				n, _ := io.Copy(io.Discard, resp.Body)
				_ = resp.Body.Close()
				if n != int64(len(value)) {
					b.Fatal("the session is not there")
				}
			}
		})
	}
}
