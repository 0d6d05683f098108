package apps

import (
	"testing"
	"time"

	"github.com/pyramidgo/redissessions/internal/connecttest"
)

// trips are the round trips of each route for a visitor with a session, and of
// /create and /unused for one without.
type trips struct{ unused, stranger, create, read, write, invalidate int }

// What an application sends is part of what is compared: when a new version of a
// library sends something else, the comparison must say so.
func TestRoundTrips(t *testing.T) {
	best := trips{create: 1, read: 1, write: 2, invalidate: 1}
	scs := trips{unused: 1, create: 1, read: 1, write: 2, invalidate: 2}
	scsSliding := trips{unused: 2, create: 1, read: 2, write: 2, invalidate: 2}
	pinged := trips{create: 2, read: 2, write: 4, invalidate: 4}
	fiber := trips{unused: 2, stranger: 1, create: 1, read: 2, write: 2, invalidate: 2}
	want := map[string]struct{ fixed, sliding trips }{
		"bare":                             {best, best},
		"redissessions":                    {best, best},
		"redissessions redigo":             {best, best},
		"redissessions auto_pipeline=auto": {best, best},
		"redissessions auto_pipeline=on":   {best, best},
		"redissessions json":               {best, best},
		"scs goredisstore":                 {scs, scsSliding},
		"scs redisstore":                   {scs, scsSliding},
		"gorilla boj/redistore":            {fixed: pinged},
		"gorilla rbcervilla/redisstore":    {fixed: trips{create: 1, read: 1, write: 2, invalidate: 2}},
		"gin-contrib/sessions":             {fixed: pinged},
		"fiber":                            {fiber, fiber},
	}
	each(t, func(t *testing.T, app App, cfg Config) {
		proxy := connecttest.Proxy(t, cfg.Redis)
		cfg.Redis = proxy.Addr()
		site := open(t, app, cfg)
		v := &visitor{site: site}
		count := func(route string) int {
			t.Helper()
			proxy.Reset()
			if _, err := v.get(route); err != nil {
				t.Fatal(err)
			}
			return proxy.RoundTrips()
		}
		// The first use of a connection may cost more.
		for _, route := range []string{"/create", "/write", "/invalidate"} {
			count(route)
		}
		got := trips{create: count("/create"), read: count("/read"), write: count("/write"),
			unused: count("/unused"), invalidate: count("/invalidate")}
		v.cookie = ""
		got.stranger = count("/unused")
		expected := want[app.Name].fixed
		if cfg.Sliding {
			expected = want[app.Name].sliding
		}
		if got != expected {
			t.Errorf("round trips: %+v, want %+v", got, expected)
		}
	})
}

// Where the timeout slides a read restarts it, and elsewhere it does not: else
// the rows of one table would not do the same work. The yardstick never does,
// and fiber always.
func TestSliding(t *testing.T) {
	const left = 10 * time.Minute
	each(t, func(t *testing.T, app App, cfg Config) {
		server := connecttest.RedisServer(t)
		cfg.Redis = server.Addr()
		v := &visitor{site: open(t, app, cfg)}
		if _, err := v.get("/create"); err != nil {
			t.Fatal(err)
		}
		client := server.Client()
		keys, err := client.Keys(t.Context(), "*").Result()
		if err != nil || len(keys) != 1 {
			t.Fatalf("one session is at the keys %q (%v)", keys, err)
		}
		ttl := func() time.Duration {
			t.Helper()
			d, err := client.PTTL(t.Context(), keys[0]).Result()
			if err != nil {
				t.Fatal(err)
			}
			return d
		}
		if d := ttl(); d > lifetime || d < lifetime-time.Minute {
			t.Errorf("a new session lives for %v, want %v", d, lifetime)
		}
		client.PExpire(t.Context(), keys[0], left)
		if _, err := v.get("/read"); err != nil {
			t.Fatal(err)
		}
		slides := cfg.Sliding && app.Name != "bare" || app.Name == "fiber"
		if restarted := ttl() > left; restarted != slides {
			t.Errorf("after a read the session lives for %v: restarted %t, want %t", ttl(), restarted, slides)
		}
	})
}
