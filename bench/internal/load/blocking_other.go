//go:build !linux

package load

import (
	"io"
	"net"
)

// dialBlocking connects to host:port. The system calls are the net package's here.
func dialBlocking(addr string) (io.ReadWriteCloser, error) { return net.Dial("tcp", addr) }
