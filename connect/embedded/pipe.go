package embedded

import (
	"net"
	"sync"
	"time"
)

// pipe is the client's end of a connection in memory, whose writes return at once. That
// connection (net.Pipe) holds no bytes: a client that sends many commands before it reads
// a reply would wait for a server that waits for it.
type pipe struct {
	net.Conn

	mu      sync.Mutex
	ready   sync.Cond // there are bytes to send, or the connection has ended
	waiting []byte
	err     error // of an earlier write, or of Close
}

func newPipe(conn net.Conn) *pipe {
	p := &pipe{Conn: conn}
	p.ready.L = &p.mu
	go p.send()
	return p
}

// Write leaves the bytes to be sent. Its error is that of an earlier Write.
func (p *pipe) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err != nil {
		return 0, p.err
	}
	p.waiting = append(p.waiting, b...)
	p.ready.Signal()
	return len(b), nil
}

// send sends what is left to it until the connection ends.
func (p *pipe) send() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.err == nil {
		if len(p.waiting) == 0 {
			p.ready.Wait()
			continue
		}
		b := p.waiting
		p.waiting = nil
		p.mu.Unlock()
		_, err := p.Conn.Write(b)
		p.mu.Lock()
		if p.err == nil {
			p.err = err
		}
	}
}

// Close ends the connection, and send.
func (p *pipe) Close() error {
	p.mu.Lock()
	if p.err == nil {
		p.err = net.ErrClosed
	}
	p.ready.Signal()
	p.mu.Unlock()
	return p.Conn.Close()
}

// SetDeadline is for reads: writes do not wait.
func (p *pipe) SetDeadline(t time.Time) error { return p.SetReadDeadline(t) }

// SetWriteDeadline does nothing, for the same reason.
func (*pipe) SetWriteDeadline(time.Time) error { return nil }
