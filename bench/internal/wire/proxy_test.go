package wire_test

import (
	"bufio"
	"net"
	"testing"

	"github.com/pyramidgo/redissessions/bench/internal/wire"
)

// echo answers each line with "+OK\r\n".
func echo(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				r := bufio.NewReader(c)
				for {
					if _, err := r.ReadString('\n'); err != nil {
						return
					}
					if _, err := c.Write([]byte("+OK\r\n")); err != nil {
						return
					}
				}
			}()
		}
	}()
	return l.Addr().String()
}

func TestProxyCounts(t *testing.T) {
	p, err := wire.NewProxy(echo(t))
	if err != nil {
		t.Fatal(err)
	}
	c, err := net.Dial("tcp", p.Addr())
	if err != nil {
		t.Fatal(err)
	}
	answers := bufio.NewReader(c)
	ask := func(text string, lines int) {
		t.Helper()
		if _, err := c.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
		for range lines {
			if _, err := answers.ReadString('\n'); err != nil {
				t.Fatal(err)
			}
		}
	}

	ask("PING\r\n", 1)
	before := p.Traffic()
	if want := (wire.Traffic{RoundTrips: 1, Sent: 6, Received: 5}); before != want {
		t.Errorf("one command: %+v, want %+v", before, want)
	}
	ask("PING\r\nPING\r\n", 2) // a pipeline waits once
	ask("PING\r\n", 1)
	if got, want := p.Traffic().Minus(before), (wire.Traffic{RoundTrips: 2, Sent: 18, Received: 15}); got != want {
		t.Errorf("a pipeline and a command: %+v, want %+v", got, want)
	}

	if err := p.Close(); err != nil {
		t.Error(err)
	}
	if _, err := answers.ReadString('\n'); err == nil {
		t.Error("the connection outlives the proxy")
	}
}
