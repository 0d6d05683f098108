// Package pyramidpeer runs a Python that stands for a Pyramid application, for
// tests that share sessions with one. It needs the standard library only.
package pyramidpeer

import (
	"bufio"
	_ "embed" // peer.py
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"sync"
	"testing"
)

//go:embed peer.py
var script string

// Peer is a running peer.py. It is safe for use by several goroutines.
type Peer struct {
	mu  sync.Mutex
	in  io.Writer
	out *bufio.Reader
}

// Question is what a peer is asked: the name of one of its functions, and the
// arguments.
type Question map[string]any

// Answer holds the answers to all of them.
type Answer struct {
	Error   string
	Missing string // why there is no session
	Same    bool
	Got     json.RawMessage
	Cookie  string
	ID      string
	Data    json.RawMessage
	Members json.RawMessage
	Record  Hex
}

// Hex is bytes, in JSON as hex digits.
type Hex []byte

// UnmarshalJSON reads hex digits.
func (h *Hex) UnmarshalJSON(text []byte) error {
	var s string
	if err := json.Unmarshal(text, &s); err != nil {
		return err
	}
	b, err := hex.DecodeString(s)
	*h = b
	return err
}

// Start starts a peer that ends with the test. Without a python3 the test is
// skipped, unless REDISSESSIONS_REQUIRE_SERVERS asks for it.
func Start(tb testing.TB) *Peer {
	tb.Helper()
	python := os.Getenv("REDISSESSIONS_TEST_PYTHON")
	if python == "" {
		python = "python3"
	}
	path, err := exec.LookPath(python)
	if err != nil {
		if os.Getenv("REDISSESSIONS_REQUIRE_SERVERS") == "1" {
			tb.Fatalf("pyramidpeer: %v", err)
		}
		tb.Skipf("there is no %s to share sessions with", python)
	}
	cmd := exec.Command(path, "-c", script)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		tb.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		tb.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		_ = in.Close()
		if err := cmd.Wait(); err != nil {
			tb.Errorf("pyramidpeer: %v", err)
		}
	})
	return &Peer{in: in, out: bufio.NewReader(out)}
}

// Ask asks a question and waits for the answer. An exception in Python fails
// the test.
func (p *Peer) Ask(tb testing.TB, name string, q Question) Answer {
	tb.Helper()
	a := p.Try(tb, name, q)
	if a.Error != "" {
		tb.Fatalf("Python: %s: %s", name, a.Error)
	}
	return a
}

// Try is Ask for a question whose exception is an answer too.
func (p *Peer) Try(tb testing.TB, name string, q Question) (a Answer) {
	tb.Helper()
	asked := Question{"ask": name}
	for k, v := range q {
		if b, ok := v.([]byte); ok {
			v = hex.EncodeToString(b)
		}
		asked[k] = v
	}
	line, err := json.Marshal(asked)
	if err != nil {
		tb.Fatal(err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, err := p.in.Write(append(line, '\n')); err != nil {
		tb.Fatal(err)
	}
	reply, err := p.out.ReadBytes('\n')
	if err != nil {
		tb.Fatal(err)
	}
	if err := json.Unmarshal(reply, &a); err != nil {
		tb.Fatalf("Python: %v: %.400s", err, reply)
	}
	return a
}
