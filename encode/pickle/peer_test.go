package pickle_test

import (
	"bufio"
	"encoding/binary"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/pyramidgo/redissessions/encode/pickle"
)

var (
	peerSeed   = flag.Uint64("pickle.seed", 0, "seed of the values exchanged with Python; 0 draws one")
	peerRounds = flag.Int("pickle.rounds", 2000, "values exchanged with Python, each way")
)

// A peer is a running testdata/peer.py.
type peer struct {
	in  io.WriteCloser
	out *bufio.Reader
}

func startPeer(t *testing.T) *peer {
	t.Helper()
	// PICKLE_TEST_PYTHON names another python to try, 3.8 or later.
	python := os.Getenv("PICKLE_TEST_PYTHON")
	if python == "" {
		python = "python3"
	}
	path, err := exec.LookPath(python)
	if err != nil {
		if os.Getenv("REDISSESSIONS_REQUIRE_SERVERS") == "1" {
			t.Fatal("there is no python3, which REDISSESSIONS_REQUIRE_SERVERS asks for")
		}
		t.Skip("there is no python3 to compare with")
	}
	cmd := exec.Command(path, filepath.Join("testdata", "peer.py"))
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := in.Close(); err != nil {
			t.Error(err)
		}
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
	})
	return &peer{in: in, out: bufio.NewReader(out)}
}

// ask sends a request and returns the two frames of the reply.
func (p *peer) ask(t *testing.T, letter byte, protocol int, rest []byte) (first, second []byte) {
	t.Helper()
	frame := binary.BigEndian.AppendUint32(nil, uint32(2+len(rest)))
	frame = append(append(frame, letter, byte(protocol)), rest...)
	if _, err := p.in.Write(frame); err != nil {
		t.Fatal(err)
	}
	first, second = p.frame(t), p.frame(t)
	if len(first) > 0 && first[0] == '!' {
		t.Fatalf("Python: %s\nfor %.400x", first[1:], rest)
	}
	return first, second
}

func (p *peer) frame(t *testing.T) []byte {
	t.Helper()
	var size [4]byte
	if _, err := io.ReadFull(p.out, size[:]); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, binary.BigEndian.Uint32(size[:]))
	if _, err := io.ReadFull(p.out, b); err != nil {
		t.Fatal(err)
	}
	return b
}

// rereads wants Python to see no difference between data and what Go makes of
// it when it only reads and writes it.
func (p *peer) rereads(t *testing.T, data []byte) {
	t.Helper()
	var v any
	if err := pickle.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	want, _ := p.ask(t, 'L', 4, data)
	for protocol := 2; protocol <= 4; protocol++ {
		again, err := pickle.Encoder{Protocol: protocol}.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		got, _ := p.ask(t, 'L', 4, again)
		if protocol < 4 {
			// Python, too, writes no fold then; the notation of Go leaves it out.
			sameNote(t, parseNote(t, got), note(t, v, false))
			continue
		}
		sameNote(t, parseNote(t, got), parseNote(t, want))
	}
}

func seed(t *testing.T) uint64 {
	t.Helper()
	s := *peerSeed
	if s == 0 {
		s = rand.Uint64()
	}
	t.Logf("go test -run '^%s$' -pickle.seed=%d repeats this", t.Name(), s)
	return s
}

// From Python to Go to Python: what Python invents and Go passes on is equal.
func TestFromPython(t *testing.T) {
	python, from := startPeer(t), seed(t)
	for i := range *peerRounds {
		protocol := i % 6
		invented, data := python.ask(t, 'R', protocol, binary.BigEndian.AppendUint64(nil, from+uint64(i)))
		var v any
		if err := pickle.Unmarshal(data, &v); err != nil {
			t.Fatalf("%v\nfor %.400x\nwhich is %.400s", err, data, invented)
		}
		sameNote(t, note(t, v, true), parseNote(t, invented))
		again, err := pickle.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		python.ask(t, 'E', 4, again)
		for older := 2; older < 4; older++ {
			again, err := pickle.Encoder{Protocol: older}.Marshal(v)
			if err != nil {
				t.Fatal(err)
			}
			got, _ := python.ask(t, 'L', 4, again)
			sameNote(t, parseNote(t, got), note(t, v, false))
		}
	}
}

// From Go to Python to Go.
func TestFromGo(t *testing.T) {
	python, from := startPeer(t), seed(t)
	random := inventor{rand.New(rand.NewPCG(from, 1))}
	for i := range *peerRounds {
		v := random.value(0)
		written, back := 2+i%3, i%6
		data, err := pickle.Encoder{Protocol: written}.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		seen, dumped := python.ask(t, 'L', back, data)
		sameNote(t, parseNote(t, seen), note(t, v, written >= 4))
		var again any
		if err := pickle.Unmarshal(dumped, &again); err != nil {
			t.Fatal(fmt.Errorf("%w\nfor %.400x", err, dumped))
		}
		sameNote(t, note(t, again, true), note(t, v, written >= 4 && back >= 4))
	}
}
