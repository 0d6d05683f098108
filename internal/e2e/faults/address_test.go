package faults_test

import (
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/pyramidgo/redissessions/internal/connecttest"
)

// address is a name for a server that can be given to another one, as an entry
// in the DNS or a virtual IP address is. Connections stay with the server that
// they were made to.
type address struct {
	listener net.Listener
	server   atomic.Pointer[connecttest.Server]
}

func newAddress(t *testing.T, srv *connecttest.Server) *address {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	a := &address{listener: l}
	a.server.Store(srv)
	t.Cleanup(func() { _ = l.Close() })
	go a.accept()
	return a
}

func (a *address) accept() {
	for {
		client, err := a.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", a.server.Load().Addr())
		if err != nil {
			client.Close()
			continue
		}
		pass := func(to, from net.Conn) {
			_, _ = io.Copy(to, from)
			to.Close()
			from.Close()
		}
		go pass(client, server)
		go pass(server, client)
	}
}

func (a *address) url() string { return "redis://" + a.listener.Addr().String() }

// The address moves to a replica that was made the primary, as managed Redis
// services do it. The old primary is its replica now and still answers on the
// connections that it has: READONLY. Nobody stays with it.
func TestAddressMoves(t *testing.T) {
	t.Parallel()
	forEachRoad(t, func(t *testing.T, via road) {
		first, second := connecttest.RedisServer(t), connecttest.RedisServer(t)
		order(t, second.Client(), "replicaof", "127.0.0.1", first.Port)
		at := newAddress(t, first)
		c := newCrowd(t, newSite(t, via.to(at.url(), patient)))
		defer c.leave()
		c.suffer(
			func() {
				c.replicated(map[*connecttest.Server]*connecttest.Server{first: second})
				order(t, first.Client(), "replicaof", "127.0.0.1", connecttest.ClosedPort(t))
				order(t, second.Client(), "replicaof", "no", "one")
			},
			func() { c.awaitSeen(http.StatusServiceUnavailable, crowdSize) })
		c.recover(func() { at.server.Store(second) })
	})
}
