package load

import (
	"bufio"
	"fmt"
	"io"
	"net"

	"github.com/pyramidgo/redissessions/bench/apps"
)

var _ apps.Caller = (*Conn)(nil)

// Conn is one keep-alive connection of HTTP/1.1. It shares a core with Redis
// or with the application, so it does next to nothing: the whole request is one
// write, and of the response it looks at the status and the length.
type Conn struct {
	// Whole asks Call for the cookies and the body too. It is for what is done
	// between the samples.
	Whole bool

	conn    io.ReadWriteCloser
	reader  *bufio.Reader
	request []byte
}

// Dial connects to an application at host:port. With alone, this process does nothing else while
// a request is under way, but for others that the same Run has sent.
func Dial(addr string, alone bool) (*Conn, error) {
	dial := func(addr string) (io.ReadWriteCloser, error) { return net.Dial("tcp", addr) }
	if alone {
		dial = dialBlocking
	}
	c, err := dial(addr)
	if err != nil {
		return nil, fmt.Errorf("load: %w", err)
	}
	return &Conn{conn: c, reader: bufio.NewReaderSize(c, 1<<13)}, nil
}

// Close closes the connection.
func (c *Conn) Close() error { return c.conn.Close() }

// Call makes one request. cookie is the value of the Cookie header, or "".
func (c *Conn) Call(route, cookie string) (apps.Answer, error) {
	if err := c.send(route, cookie); err != nil {
		return apps.Answer{}, err
	}
	return c.receive(route)
}

// send sends a request.
func (c *Conn) send(route, cookie string) error {
	c.request = append(c.request[:0], "GET "...)
	c.request = append(c.request, route...)
	c.request = append(c.request, " HTTP/1.1\r\nHost: bench\r\n"...)
	if cookie != "" {
		c.request = append(c.request, "Cookie: "...)
		c.request = append(c.request, cookie...)
		c.request = append(c.request, "\r\n"...)
	}
	c.request = append(c.request, "\r\n"...)
	if _, err := c.conn.Write(c.request); err != nil {
		return fmt.Errorf("load: %w", err)
	}
	return nil
}

// receive waits for the answer to the request that was sent.
func (c *Conn) receive(route string) (apps.Answer, error) {
	answer, err := readResponse(c.reader, c.Whole)
	if err != nil {
		return answer, fmt.Errorf("load: %s: %w", route, err)
	}
	return answer, nil
}
