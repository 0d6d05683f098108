package load

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// blocking is a connection whose reads and writes block the thread, and of which Go's scheduler
// knows nothing. The scheduler of a client that shares a core with the application would be
// measured too, and more of it the longer a request takes: with it a bare read took 57 µs instead
// of 38, and a write of this library's had 0.66 of the bare handler's speed instead of 0.71, where
// wrk, a client in C, said 0.73.
//
// Nothing else in the process runs meanwhile, so it is for one request at a time, and for many
// that one thread makes; see askCrowd.
type blocking struct {
	file *os.File
	fd   uintptr
}

// answerTimeout is how long a blocking connection waits for an answer.
const answerTimeout = 10 * time.Second

// dialBlocking connects to host:port.
func dialBlocking(addr string) (io.ReadWriteCloser, error) {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	defer func() { _ = c.Close() }() // the file is another descriptor
	file, err := c.(*net.TCPConn).File()
	if err != nil {
		return nil, err
	}
	b := &blocking{file, file.Fd()}
	timeout := unix.NsecToTimeval(answerTimeout.Nanoseconds())
	if err := errors.Join(unix.SetNonblock(int(b.fd), false), unix.SetsockoptTimeval(int(b.fd), unix.SOL_SOCKET, unix.SO_RCVTIMEO, &timeout)); err != nil {
		return nil, errors.Join(err, b.Close())
	}
	return b, nil
}

func (b *blocking) Read(p []byte) (int, error) {
	n, err := b.call(unix.SYS_READ, p)
	if n == 0 && err == nil && len(p) > 0 {
		return 0, io.EOF
	}
	return n, err
}

func (b *blocking) Write(p []byte) (int, error) {
	written := 0
	for written < len(p) {
		n, err := b.call(unix.SYS_WRITE, p[written:])
		if err != nil {
			return written, err
		}
		written += n
	}
	return written, nil
}

// call reads or writes once.
func (b *blocking) call(trap uintptr, p []byte) (int, error) {
	for {
		n, _, errno := unix.RawSyscall(trap, b.fd, uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)))
		switch errno {
		case 0:
			return int(n), nil
		case unix.EINTR: // the runtime sends itself signals
		case unix.EAGAIN:
			return 0, fmt.Errorf("no answer in %v", answerTimeout)
		default:
			return 0, errno
		}
	}
}

func (b *blocking) Close() error { return b.file.Close() }
