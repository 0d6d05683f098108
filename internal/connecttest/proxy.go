package connecttest

import (
	"bufio"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
)

// RecordingProxy stands between a client and a Redis server, counts round
// trips and keeps the commands.
//
// A command begins a round trip when its connection waits for no other reply:
// commands that are sent together make one. What sets a connection up (HELLO,
// AUTH, SELECT, CLIENT) is neither counted nor kept with the others.
type RecordingProxy struct {
	listener net.Listener

	mu         sync.Mutex
	server     string
	conns      map[net.Conn]bool
	commands   [][]string
	setup      [][]string
	roundTrips int
	toPass     int
	toLose     int
	lost       int
	shifting   bool
	lastReply  []byte // the last one that a server gave, for ShiftReplies
	before     map[string]func()
	closed     bool
	wait       sync.WaitGroup
}

// Proxy starts a proxy to the server at addr, host:port or the path of a unix
// socket. It ends with the test.
func Proxy(tb testing.TB, addr string) *RecordingProxy {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatalf("connecttest: proxy: %v", err)
	}
	p := &RecordingProxy{listener: l, server: addr, conns: map[net.Conn]bool{}}
	p.wait.Go(p.accept)
	tb.Cleanup(p.close)
	return p
}

// Addr returns where the proxy listens, as host:port.
func (p *RecordingProxy) Addr() string { return p.listener.Addr().String() }

// Port returns the port of 127.0.0.1 where the proxy listens.
func (p *RecordingProxy) Port() int { return p.listener.Addr().(*net.TCPAddr).Port }

// URL returns a redis:// URL of the proxy.
func (p *RecordingProxy) URL() string { return "redis://" + p.Addr() }

// RoundTrips returns how many round trips there were since the last Reset.
func (p *RecordingProxy) RoundTrips() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.roundTrips
}

// Commands returns the commands since the last Reset, with their arguments,
// the name in upper case.
func (p *RecordingProxy) Commands() [][]string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.commands)
}

// Setup returns the commands that set connections up since the last Reset.
func (p *RecordingProxy) Setup() [][]string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.setup)
}

// Reset starts the counting again.
func (p *RecordingProxy) Reset() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.roundTrips, p.lost, p.commands, p.setup = 0, 0, nil, nil
}

// Redirect makes connections that are accepted from now on lead to another
// server, as when a name in the DNS or a virtual IP address is given to it. Those
// that are open stay with the server that they were made to.
func (p *RecordingProxy) Redirect(addr string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.server = addr
}

func (p *RecordingProxy) target() (network, addr string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if strings.HasPrefix(p.server, "/") {
		return "unix", p.server
	}
	return "tcp", p.server
}

// Break closes every connection.
func (p *RecordingProxy) Break() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		_ = c.Close()
	}
}

func (p *RecordingProxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		network, addr := p.target()
		server, err := net.Dial(network, addr)
		if err != nil {
			_ = client.Close()
			continue
		}
		if !p.keep(client, server) {
			return
		}
		c := &proxied{proxy: p, client: client, server: server}
		p.wait.Go(c.requests)
		p.wait.Go(c.replies)
	}
}

// keep notes the connections of one client, or closes them when the proxy is
// at its end.
func (p *RecordingProxy) keep(conns ...net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range conns {
		if p.closed {
			_ = c.Close()
		}
		p.conns[c] = true
	}
	return !p.closed
}

func (p *RecordingProxy) close() {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	_ = p.listener.Close()
	p.Break()
	p.wait.Wait()
}

// proxied is one client's connection and the one to the server that goes with
// it.
type proxied struct {
	proxy          *RecordingProxy
	client, server net.Conn
	waiting        []bool // per reply that is due: whether its command counts
}

func (c *proxied) end() {
	_ = c.client.Close()
	_ = c.server.Close()
	c.proxy.mu.Lock()
	defer c.proxy.mu.Unlock()
	delete(c.proxy.conns, c.client)
	delete(c.proxy.conns, c.server)
}

// requests passes commands to the server. Those that came together are all
// noted before the first of them can be answered.
func (c *proxied) requests() {
	defer c.end()
	r := bufio.NewReaderSize(c.client, 1<<18)
	var together []byte
	for {
		v, err := readValue(r)
		if err != nil {
			return
		}
		c.note(v.words)
		if do := c.proxy.beforeCommand(v.words); do != nil {
			if _, err := c.server.Write(together); err != nil {
				return
			}
			together = together[:0]
			do()
		}
		together = append(together, v.raw...)
		if r.Buffered() > 0 {
			continue
		}
		if _, err := c.server.Write(together); err != nil {
			return
		}
		together = together[:0]
	}
}

// BeforeCommand makes the proxy call do before it passes on a command of that name, in
// upper case. Those that came together with it, before it, have been passed on by then, but the
// server may not have carried them out. A nil do ends that.
func (p *RecordingProxy) BeforeCommand(name string, do func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.before = map[string]func(){name: do}
}

func (p *RecordingProxy) beforeCommand(words []string) func() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(words) == 0 {
		return nil
	}
	return p.before[strings.ToUpper(words[0])]
}

func (c *proxied) note(words []string) {
	words = slices.Clone(words)
	if len(words) > 0 {
		words[0] = strings.ToUpper(words[0])
	}
	p := c.proxy
	p.mu.Lock()
	defer p.mu.Unlock()
	counts := len(words) == 0 || !slices.Contains([]string{"HELLO", "AUTH", "SELECT", "CLIENT"}, words[0])
	switch {
	case !counts:
		p.setup = append(p.setup, words)
	case len(c.waiting) == 0:
		p.roundTrips++
		fallthrough
	default:
		p.commands = append(p.commands, words)
	}
	c.waiting = append(c.waiting, counts)
}

// replies passes replies to the client, as many as are there at once in one
// write, as the server sent them.
func (c *proxied) replies() {
	defer c.end()
	r, w := bufio.NewReader(c.server), bufio.NewWriter(c.client)
	for {
		v, err := readValue(r)
		if err != nil {
			return
		}
		reply := v.raw
		if v.kind != '>' && v.kind != '|' {
			var lost bool
			if reply, lost = c.settle(reply); lost {
				return
			}
		}
		if _, err := w.Write(reply); err != nil {
			return
		}
		if r.Buffered() == 0 && w.Flush() != nil {
			return
		}
	}
}
