//go:build linux

package main_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/redis/go-redis/v9"

	"github.com/pyramidgo/redissessions/internal/connecttest"
)

// terminal is the command in a pseudo-terminal, as a person runs it.
type terminal struct {
	t    *testing.T
	args []string
	tty  *os.File
	cmd  *exec.Cmd
	seen bytes.Buffer
}

// inTerminal starts the command. stdout, unless it is nil, is a file in place of the
// terminal.
func inTerminal(t *testing.T, stdout io.Writer, args ...string) *terminal {
	t.Helper()
	master, slave, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), command, args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, slave, slave
	if stdout != nil {
		cmd.Stdout = stdout
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	slave.Close()
	t.Cleanup(func() { master.Close() })
	return &terminal{t: t, args: args, tty: master, cmd: cmd}
}

// until reads what the terminal shows until it has a text.
func (x *terminal) until(text string) {
	x.t.Helper()
	b := make([]byte, 4096)
	for !strings.Contains(x.seen.String(), text) {
		n, err := x.tty.Read(b)
		x.seen.Write(b[:n])
		if err != nil {
			x.t.Fatalf("%q is not in\n%s", text, &x.seen)
		}
	}
}

func (x *terminal) types(text string) {
	x.t.Helper()
	if _, err := x.tty.WriteString(text); err != nil {
		x.t.Fatal(err)
	}
}

// ends waits for the end, and returns what the terminal has shown, and the status.
func (x *terminal) ends() (string, int) {
	x.t.Helper()
	_, _ = io.Copy(&x.seen, x.tty) // ends with an error, when the other side is closed
	_ = x.cmd.Wait()
	searchForHidden(x.t, x.args, x.seen.String())
	return x.seen.String(), x.cmd.ProcessState.ExitCode()
}

// TestTerminalAsks: end --all asks, names valid_since, and takes only a yes for one.
func TestTerminalAsks(t *testing.T) {
	srv := connecttest.RedisServer(t)
	s := newSite(t, map[string]string{"url": srv.URL()})
	v := s.newVisitor("")
	x := inTerminal(t, nil, "end", "-s", s.file, "--all")
	x.until("Type yes")
	x.types("n\n")
	if out, status := x.ends(); status != 1 || !strings.Contains(out, "redis.sessions.valid_since = 20") || !strings.Contains(out, "all keys that begin with session:") || !strings.Contains(out, "nothing was changed") || !s.here(v) {
		t.Errorf("%d: %s", status, out)
	}
	x = inTerminal(t, nil, "end", "-s", s.file, "--all")
	x.until("Type yes")
	x.types("\x03")
	if out, status := x.ends(); status != 130 || !s.here(v) {
		t.Errorf("%d: %s", status, out)
	}
	x = inTerminal(t, nil, "end", "-s", s.file, "--all")
	x.until("Type yes")
	x.types("yes\n")
	if out, status := x.ends(); status != 0 || !strings.Contains(out, "1 session ended") || s.here(v) {
		t.Errorf("%d: %s", status, out)
	}
}

// TestTerminalInterrupted: Ctrl-C ends the command at once while it waits for a server that does
// not answer, and doctor has found nothing then.
func TestTerminalInterrupted(t *testing.T) {
	hole, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer hole.Close()
	file := settingsFile(t, map[string]string{"url": "redis://" + hole.Addr().String(), "socket_timeout": "1h"})
	for _, name := range []string{"count", "doctor"} {
		x := inTerminal(t, nil, name, "-s", file)
		conn, err := hole.Accept()
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		x.types("\x03")
		if out, status := x.ends(); status != 130 || !strings.Contains(out, "interrupted") || strings.Contains(out, "broken") {
			t.Errorf("%s: %d: %s", name, status, out)
		}
	}
}

// TestTerminalShow: the cookie is pasted.
func TestTerminalShow(t *testing.T) {
	srv := connecttest.RedisServer(t)
	s := newSite(t, map[string]string{"url": srv.URL()})
	v := s.newVisitor("")
	x := inTerminal(t, nil, "show", "-s", s.file)
	x.until("Paste the cookie")
	hidden.mu.Lock()
	hidden.texts = nil // a terminal shows what is typed
	hidden.mu.Unlock()
	x.types(v.Cookie("session") + "\n")
	if out, status := x.ends(); status != 0 || !strings.Contains(out, "It is a live session.") {
		t.Errorf("%d: %s", status, out)
	}
}

// fill puts copies of the one native record of a server under other sessions' keys.
func fill(t *testing.T, client redis.UniversalClient, n int) {
	t.Helper()
	ctx := t.Context()
	key := client.Keys(ctx, "session:*").Val()[0]
	record, err := client.Get(ctx, key).Bytes()
	if err != nil {
		t.Fatal(err)
	}
	pipe := client.Pipeline()
	for i := range n {
		hash := sha256.Sum256([]byte(strconv.Itoa(i)))
		copy(record[12:20], hash[:8]) // the header's check
		pipe.Set(ctx, "session:"+hex.EncodeToString(hash[:]), bytes.Clone(record), time.Hour)
		if i%5000 == 4999 || i == n-1 {
			if _, err := pipe.Exec(ctx); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestManySessions: a million are listed and counted in bounded memory, with a bar on a
// terminal, and none elsewhere. Ctrl-C ends a logout of everybody between two sessions.
func TestManySessions(t *testing.T) {
	many := 1_000_000
	if testing.Short() {
		many = 50_000
	}
	srv := connecttest.RedisServer(t)
	s := newSite(t, map[string]string{"url": srv.URL()})
	s.newVisitor("")
	began := time.Now()
	fill(t, srv.Client(), many-1)
	t.Logf("filled in %s", time.Since(began))

	const bound = 100 << 10 // KiB: a million handles alone are 64 MB, and their records 300
	began = time.Now()
	x := inTerminal(t, nil, "count", "-s", s.file)
	out, status := x.ends()
	if status != 0 || !regexp.MustCompile(`sessions +`+strconv.Itoa(many)).MatchString(out) || !strings.Contains(out, "counting") || !strings.Contains(out, "%") {
		t.Errorf("%d: %.2000s", status, out)
	}
	peak(t, x.cmd, bound, "count", began)

	began = time.Now()
	file, err := os.Create(filepath.Join(t.TempDir(), "list"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	x = inTerminal(t, file, "ls", "-s", s.file)
	if out, status = x.ends(); status != 0 || !strings.Contains(out, "listing") {
		t.Errorf("%d: %.2000s", status, out)
	}
	peak(t, x.cmd, bound, "ls", began)
	if lines := countLines(t, file.Name()); lines != many+1 {
		t.Errorf("%d lines, want %d and the heading", lines, many)
	}

	if r := run(t, "", "count", "-s", s.file, "--json"); r.err != "" || !strings.Contains(r.out, `"sessions":`+strconv.Itoa(many)) {
		t.Errorf("in a pipe: %s%s", r.out, r.err)
	}

	x = inTerminal(t, nil, "end", "-s", s.file, "--all", "--yes")
	x.until("%") // it has begun
	x.types("\x03")
	out, status = x.ends()
	m := regexp.MustCompile(`(\d+) sessions? ended`).FindStringSubmatch(out)
	if status != 130 || m == nil || !strings.Contains(out, "interrupted") {
		t.Fatalf("%d: %.2000s", status, out)
	}
	left := srv.Client().DBSize(context.Background()).Val()
	if ended, _ := strconv.Atoi(m[1]); int64(many)-left != int64(ended) || left == 0 {
		t.Errorf("it says that %d were ended, and %d of %d are left", ended, left, many)
	}
}

func countLines(t *testing.T, file string) int {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Count(text, []byte("\n"))
}

// peak checks how much memory the process has had at most.
func peak(t *testing.T, cmd *exec.Cmd, bound int64, what string, began time.Time) {
	t.Helper()
	usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		return
	}
	t.Logf("%s: %d MiB at most, in %s", what, usage.Maxrss>>10, time.Since(began).Round(time.Millisecond))
	if usage.Maxrss > bound {
		t.Errorf("%s had %d KiB at most, want %d", what, usage.Maxrss, bound)
	}
}
