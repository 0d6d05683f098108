//go:build unix

package connecttest

import (
	"context"
	"errors"
	"net"
	"syscall"
	"testing"
)

func TestClosedPort(t *testing.T) {
	addr := ClosedAddr(t)
	if l, err := new(net.ListenConfig).Listen(context.Background(), "tcp", addr); err == nil {
		l.Close()
		t.Error("somebody else can listen there")
	}
	if _, err := net.Dial("tcp", addr); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("dial: %v, want it refused", err)
	}
}
