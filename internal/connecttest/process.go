package connecttest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// startTimeout is how long a server may take until it answers, or several until they have
// found each other. Some machines start a dozen of them at once.
const startTimeout = 2 * time.Minute

// require returns the path of a program, or skips the test.
func require(tb testing.TB, program string) string {
	tb.Helper()
	path, err := exec.LookPath(program)
	if err == nil {
		return path
	}
	const how = "%s is not installed; on Debian and Ubuntu: apt-get install redis-server redis-sentinel, on macOS: brew install redis"
	if os.Getenv("REDISSESSIONS_REQUIRE_SERVERS") == "1" {
		tb.Fatalf(how+" (REDISSESSIONS_REQUIRE_SERVERS=1 makes this a failure)", program)
	}
	tb.Skipf(how, program)
	return ""
}

// process is a program that a test has started.
type process struct {
	cmd  *exec.Cmd
	done chan struct{} // closed when it has ended
	log  string        // the file that it writes to

	endOnce sync.Once
}

// start runs a program with its output in a file, and ends it with the test.
func start(tb testing.TB, dir, program string, args ...string) *process {
	tb.Helper()
	out, err := os.OpenFile(filepath.Join(dir, OutputFile), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		tb.Fatalf("connecttest: %v", err)
	}
	defer func() { _ = out.Close() }()

	p := &process{cmd: exec.Command(program, args...), done: make(chan struct{}), log: out.Name()}
	p.cmd.Dir, p.cmd.Stdout, p.cmd.Stderr = dir, out, out
	p.cmd.SysProcAttr = diesWithParent()
	started := make(chan error, 1)
	go func() {
		// The signal that diesWithParent asks for comes when the thread that
		// started the program ends, not the process. The thread of a locked
		// goroutine lives as long as the goroutine.
		defer lockThread()()
		err := p.cmd.Start()
		started <- err
		if err == nil {
			_ = p.cmd.Wait()
		}
		close(p.done)
	}()
	if err := <-started; err != nil {
		tb.Fatalf("connecttest: %v", err)
	}
	tb.Cleanup(p.kill)
	return p
}

// kill ends the program at once and waits until it has.
func (p *process) kill() {
	p.endOnce.Do(func() { _ = p.cmd.Process.Kill() })
	<-p.done
}

// signal sends the program a signal, if it still runs.
func (p *process) signal(s syscall.Signal) { _ = p.cmd.Process.Signal(s) }

// output returns the end of what the program wrote.
func (p *process) output() string {
	b, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	return string(b[max(0, len(b)-2000):])
}

// Reserve listens on a port below those that systems give to a listener on port 0. Close it
// and start the program that is to have the port: a server of another test does not take it in
// between.
func Reserve(tb testing.TB) net.Listener {
	tb.Helper()
	for try := 0; ; try++ {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", 20000+rand.IntN(10000)))
		if err == nil {
			return l
		}
		if try == 100 {
			tb.Fatalf("connecttest: no free port: %v", err)
		}
	}
}

// freePorts returns ports that nothing listened on a moment ago. Whoever wants
// to listen on one must be ready to find it taken and ask again.
func freePorts(tb testing.TB, n int) []int {
	tb.Helper()
	ports := make([]int, n)
	for i := range ports {
		l := Reserve(tb)
		defer func() { _ = l.Close() }() // all are held until the last is found, so that they differ
		ports[i] = l.Addr().(*net.TCPAddr).Port
	}
	return ports
}

// busOffset is how far a cluster node's second port is from its first, unless the
// setting cluster-port, which Redis has from 7 on, says otherwise.
const busOffset = 10000

// freePort returns a free port for a server with these settings. Where it has a second
// port that follows from the first, that one is free too.
func freePort(tb testing.TB, settings []string) int {
	tb.Helper()
	hasBus := slices.Contains(settings, "cluster-enabled yes") &&
		!slices.ContainsFunc(settings, func(line string) bool { return strings.HasPrefix(line, "cluster-port ") })
	for {
		port := freePorts(tb, 1)[0]
		if !hasBus {
			return port
		}
		if port+busOffset > 65535 {
			continue
		}
		if l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port+busOffset))); err == nil {
			_ = l.Close()
			return port
		}
	}
}

// errEnded is what ready returns for a program that has ended.
var errEnded = errors.New("it ended")

// ready asks until the answer is nil, the program has ended, or time is up.
func ready(p *process, ask func(ctx context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-p.done:
			return errEnded
		default:
		}
		err := ask(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-p.done:
			return errEnded
		case <-ctx.Done():
			return fmt.Errorf("not ready after %v: %w", startTimeout, err)
		case <-tick.C:
		}
	}
}

// Eventually asks every few milliseconds until the answer is nil, and fails
// the test when it is not within the given time.
func Eventually(tb testing.TB, within time.Duration, ask func() error) {
	tb.Helper()
	deadline := time.NewTimer(within)
	defer deadline.Stop()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		err := ask()
		if err == nil {
			return
		}
		select {
		case <-deadline.C:
			tb.Fatalf("still not so after %v: %v", within, err)
		case <-tick.C:
		}
	}
}
