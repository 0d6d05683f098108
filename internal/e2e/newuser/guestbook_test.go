package newuser_test

import (
	"errors"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/pyramidgo/redissessions/internal/connecttest"
)

// TestGuestbookFailover does what the guestbook's page says under "Watch a failover", with
// free ports in the place of the page's: when the primary is dead, the page is there again
// after a while.
func TestGuestbookFailover(t *testing.T) {
	connecttest.Installed(t, "redis-server")
	demo := section(t, "examples/guestbook/README.md", "Watch a failover")
	if len(demo) != 2 {
		t.Fatalf("the page has %d blocks; this test knows a script and a command", len(demo))
	}
	script, run := demo[0], demo[1]
	arguments, known := strings.CutPrefix(strings.TrimSpace(run.text), "go run ./examples/guestbook ")
	if !known {
		t.Fatalf("%s:%d: this test knows another command", run.page, run.line)
	}
	f := newFolder(t)
	home := f.dir
	ports := strings.NewReplacer(freePorts(t, "7001", "7002", "26379", "26380", "26381")...)
	t.Cleanup(func() { endServers(t, filepath.Join(home, "sentinel-demo")) })
	f.shell(script, ports.Replace(script.text))
	waitForSentinel(t, ports.Replace("localhost:26379"))

	f.dir = checkout(t) // "in a copy of this repository"
	program := filepath.Join(home, "guestbook")
	f.shell(run, "go build -o "+program+" ./examples/guestbook")
	f.env = append(f.env, "REDIS_SESSIONS_SENTINEL_ADDRS="+ports.Replace("localhost:26379 localhost:26380 localhost:26381"))
	f.start(program + " -addr " + f.addr + " " + arguments)
	visitor := newReader(f).client
	if status, page := f.get(visitor, "/"); status != http.StatusOK {
		t.Fatalf("status %d: %s", status, page)
	}

	f.dir = home
	f.shell(run, "kill -9 $(cat sentinel-demo/primary.pid)")
	connecttest.Eventually(t, 5*time.Minute, func() error {
		if status, page := f.get(visitor, "/"); status != http.StatusOK {
			return errors.New(page)
		}
		return nil
	})
}

// endServers ends the servers of a folder, which remove their pid files then. The primary is
// dead already, and has left its own.
func endServers(t *testing.T, dir string) {
	t.Helper()
	_ = exec.Command("sh", "-c", "kill $(cat "+dir+"/*.pid)").Run() //nolint:noctx // the test's has ended
	connecttest.Eventually(t, 5*time.Minute, func() error {
		running, err := filepath.Glob(filepath.Join(dir, "*.pid"))
		if err == nil && len(running) > 1 {
			err = errors.New("servers are running")
		}
		return err
	})
}

// waitForSentinel waits until the sentinels can make the replica the primary.
func waitForSentinel(t *testing.T, addr string) {
	t.Helper()
	sentinel := redis.NewSentinelClient(&redis.Options{Addr: addr})
	defer sentinel.Close()
	connecttest.Eventually(t, 5*time.Minute, func() error {
		if err := sentinel.CkQuorum(t.Context(), "mymaster").Err(); err != nil {
			return err
		}
		replicas, err := sentinel.Replicas(t.Context(), "mymaster").Result()
		if err == nil && (len(replicas) != 1 || replicas[0]["master-link-status"] != "ok") {
			err = errors.New("the replica has no copy")
		}
		return err
	})
}

// freePorts returns the texts, each followed by a free port.
func freePorts(t *testing.T, texts ...string) []string {
	t.Helper()
	var all []string
	for _, text := range texts {
		l := connecttest.Reserve(t)
		defer l.Close()
		_, port, err := net.SplitHostPort(l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, text, port)
	}
	return all
}
