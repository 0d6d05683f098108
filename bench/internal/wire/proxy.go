// Package wire counts what goes between an application and its Redis server.
package wire

import (
	"fmt"
	"net"
	"sync"
)

// Traffic is what went over the wire.
type Traffic struct {
	// RoundTrips is how often an application sent something and then waited.
	RoundTrips int64
	// Sent and Received are bytes, as the application sees them.
	Sent, Received int64
}

// Minus returns what went over the wire since earlier.
func (t Traffic) Minus(earlier Traffic) Traffic {
	return Traffic{t.RoundTrips - earlier.RoundTrips, t.Sent - earlier.Sent, t.Received - earlier.Received}
}

// Proxy passes bytes to a Redis server and back, and counts.
//
// It does not read the protocol: on each connection a round trip begins with
// the first bytes towards the server since its last answer. That is right
// where one request is made at a time, which is when the counts are taken.
type Proxy struct {
	listener net.Listener
	server   string

	mu      sync.Mutex
	traffic Traffic
	conns   map[net.Conn]bool
	closed  bool
	wait    sync.WaitGroup
}

// NewProxy starts a proxy to the server at addr, host:port.
func NewProxy(addr string) (*Proxy, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("wire: %w", err)
	}
	p := &Proxy{listener: l, server: addr, conns: map[net.Conn]bool{}}
	p.wait.Go(p.accept)
	return p, nil
}

// Addr returns where the proxy listens, host:port.
func (p *Proxy) Addr() string { return p.listener.Addr().String() }

// Traffic returns what has gone over the wire so far.
func (p *Proxy) Traffic() Traffic {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.traffic
}

// Close ends the proxy and all its connections.
func (p *Proxy) Close() error {
	p.mu.Lock()
	p.closed = true
	for c := range p.conns {
		_ = c.Close()
	}
	p.mu.Unlock()
	err := p.listener.Close()
	p.wait.Wait()
	return err
}

func (p *Proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", p.server)
		if err != nil {
			_ = client.Close()
			continue
		}
		p.mu.Lock()
		p.conns[client], p.conns[server] = true, true
		closed := p.closed
		p.mu.Unlock()
		c := &connection{proxy: p, client: client, server: server}
		if closed {
			c.end()
			return
		}
		p.wait.Go(func() { c.pass(server, client, c.asked) })
		p.wait.Go(func() { c.pass(client, server, c.answered) })
	}
}

// connection is one of an application's connections.
type connection struct {
	proxy          *Proxy
	client, server net.Conn
	waiting        bool // guarded by the proxy's mutex
}

// pass counts before it writes, so that whoever has an answer finds it counted.
func (c *connection) pass(to, from net.Conn, count func(n int)) {
	defer c.end()
	buffer := make([]byte, 1<<16)
	for {
		n, err := from.Read(buffer)
		if n > 0 {
			count(n)
			if _, err := to.Write(buffer[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

func (c *connection) asked(n int) {
	c.proxy.mu.Lock()
	defer c.proxy.mu.Unlock()
	c.proxy.traffic.Sent += int64(n)
	if !c.waiting {
		c.proxy.traffic.RoundTrips++
		c.waiting = true
	}
}

func (c *connection) answered(n int) {
	c.proxy.mu.Lock()
	defer c.proxy.mu.Unlock()
	c.proxy.traffic.Received += int64(n)
	c.waiting = false
}

func (c *connection) end() {
	_ = c.client.Close()
	_ = c.server.Close()
	c.proxy.mu.Lock()
	defer c.proxy.mu.Unlock()
	delete(c.proxy.conns, c.client)
	delete(c.proxy.conns, c.server)
}
