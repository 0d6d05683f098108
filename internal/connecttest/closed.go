//go:build unix

package connecttest

import (
	"net"
	"strconv"
	"syscall"
	"testing"
)

// ClosedPort returns a port of 127.0.0.1 where nothing listens and, until the
// test ends, nothing will: it is bound, so that nobody else is given it.
func ClosedPort(tb testing.TB) int {
	tb.Helper()
	must := func(err error) {
		if err != nil {
			tb.Fatalf("connecttest: no port to keep closed: %v", err)
		}
	}
	syscall.ForkLock.RLock() // the servers that are started meanwhile must not have it too
	socket, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err == nil {
		syscall.CloseOnExec(socket)
	}
	syscall.ForkLock.RUnlock()
	must(err)
	tb.Cleanup(func() { _ = syscall.Close(socket) })
	must(syscall.Bind(socket, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}))
	at, err := syscall.Getsockname(socket)
	must(err)
	return at.(*syscall.SockaddrInet4).Port
}

// ClosedAddr returns ClosedPort as host:port.
func ClosedAddr(tb testing.TB) string {
	tb.Helper()
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(ClosedPort(tb)))
}
