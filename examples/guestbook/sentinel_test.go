package main

import (
	"errors"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9/logging"

	"github.com/pyramidgo/redissessions/internal/connecttest"
)

func TestMain(m *testing.M) {
	logging.Disable() // go-redis tells of every connection that a failover ends
	os.Exit(m.Run())
}

// The guestbook on a Sentinel set, by its settings file alone. The primary is
// killed, and the visitor is still logged in.
func TestSentinelFailover(t *testing.T) {
	set := connecttest.Sentinels(t)
	set.FailFast(t)
	// The addresses are the only thing that the file cannot know.
	t.Setenv("REDIS_SESSIONS_SENTINEL_ADDRS", strings.Join(set.Addrs(), " "))
	b := newBrowser(t, serveGuestbook(t, "sentinel.ini"))
	b.get("/")
	b.submit("/login", url.Values{"login_name": {"Ada"}}).wantStatus(http.StatusSeeOther)
	b.get("/").want(`<span class="who">Ada</span>`, "Hello, Ada.")
	connecttest.Eventually(t, time.Minute, func() error {
		// Every record that the primary has, the replica has too.
		ours, copies := set.Primary.Client().DBSize(t.Context()), set.Replica.Client().DBSize(t.Context())
		if ours.Val() != copies.Val() {
			return errors.New("the replica is behind")
		}
		return errors.Join(ours.Err(), copies.Err())
	})

	set.Primary.Kill()
	connecttest.Eventually(t, time.Minute, func() error {
		if page := b.get("/"); page.status != http.StatusOK {
			return errors.New(page.body)
		}
		return nil
	})
	b.get("/").want(`<span class="who">Ada</span>`)
	b.submit("/sign", url.Values{"message": {"Still here"}}).wantStatus(http.StatusSeeOther)
	b.get("/").want("Thank you, Ada.", "Still here")
}
