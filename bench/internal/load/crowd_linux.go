package load

import (
	"fmt"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/pyramidgo/redissessions/bench/apps"
)

// crowd returns the connections if one thread can ask over all of them.
//
// A client with a goroutine for each leaves Redis, with which it shares a core, less of it than
// one in C does. The application whose requests need the most of Redis then looks slower than it
// is: with 64 at once a read with auto_pipeline had 0.91 of the bare handler's speed, where wrk
// said 0.99.
func crowd(callers []apps.Caller) []*Conn {
	if len(callers) < 2 {
		return nil
	}
	conns := make([]*Conn, len(callers))
	for i, caller := range callers {
		c, ok := caller.(*Conn)
		if !ok {
			return nil
		}
		if _, ok := c.conn.(*blocking); !ok {
			return nil
		}
		conns[i] = c
	}
	return conns
}

// asker is one connection of a crowd.
type asker struct {
	*Conn
	next func() (cookie string, ok bool)
	sent time.Time
}

// askCrowd carries an order out over connections of which epoll says where an answer has come.
func askCrowd(conns []*Conn, o Order, turns *turns) (s Sample, err error) {
	s.Latencies = make([]uint32, 0, 1+int(o.For/time.Microsecond)/4)
	epoll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return s, fmt.Errorf("load: epoll: %w", err)
	}
	defer func() { _ = unix.Close(epoll) }()
	askers := make([]asker, len(conns))
	for i, c := range conns {
		askers[i] = asker{Conn: c, next: turns.of(i)}
		event := unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(i)}
		if err := unix.EpollCtl(epoll, unix.EPOLL_CTL_ADD, int(c.conn.(*blocking).fd), &event); err != nil {
			return s, fmt.Errorf("load: epoll: %w", err)
		}
	}

	start := time.Now()
	underWay, now := 0, start
	ask := func(a *asker) error {
		cookie, ok := a.next()
		if !ok {
			return nil
		}
		underWay++
		a.sent = now
		return a.send(o.Route, cookie)
	}
	for i := range askers {
		now = time.Now()
		if err := ask(&askers[i]); err != nil {
			return s, err
		}
	}
	events := make([]unix.EpollEvent, len(conns))
	for underWay > 0 {
		ready, err := wait(epoll, events)
		if err != nil {
			return s, err
		}
		for _, event := range ready {
			a := &askers[event.Fd]
			answer, err := a.receive(o.Route)
			if err = succeeded(o.Route, answer, err); err != nil {
				return s, err
			}
			now = time.Now()
			underWay--
			s.Latencies = append(s.Latencies, latency(now.Sub(a.sent)))
			if now.Sub(start) < o.For {
				if err := ask(a); err != nil {
					return s, err
				}
			}
		}
	}
	s.Took, s.Requests = now.Sub(start), len(s.Latencies)
	if s.Requests == 0 {
		return s, fmt.Errorf("load: %s: no request was made", o.Route)
	}
	return s, nil
}

// wait waits until answers have come, and returns the connections that have one.
func wait(epoll int, events []unix.EpollEvent) ([]unix.EpollEvent, error) {
	for {
		n, _, errno := unix.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(epoll), uintptr(unsafe.Pointer(unsafe.SliceData(events))),
			uintptr(len(events)), uintptr(answerTimeout.Milliseconds()), 0, 0)
		switch {
		case errno == unix.EINTR: // the runtime sends itself signals
		case errno != 0:
			return nil, fmt.Errorf("load: epoll: %w", errno)
		case n == 0:
			return nil, fmt.Errorf("load: no answer in %v", answerTimeout)
		default:
			return events[:n], nil
		}
	}
}
