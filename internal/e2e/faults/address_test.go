package faults_test

import (
	"net/http"
	"testing"

	"github.com/pyramidgo/redissessions/internal/connecttest"
)

// The address of a server, a name in the DNS or a virtual IP address, is given to
// a replica that was made the primary, as managed Redis services do it. The old
// primary is a replica now and answers READONLY on the connections that it still
// has. No visitor stays with it.
func TestAddressMoves(t *testing.T) {
	t.Parallel()
	forEachConnector(t, func(t *testing.T, via connection) {
		first, second := connecttest.RedisServer(t), connecttest.RedisServer(t)
		order(t, second.Client(), "replicaof", "127.0.0.1", first.Port)
		address := connecttest.Proxy(t, first.Addr())
		c := newTraffic(t, newSite(t, via.to(address.URL(), patient)))
		defer c.stop()
		c.inject(
			func() {
				c.replicated(map[*connecttest.Server]*connecttest.Server{first: second})
				order(t, first.Client(), "replicaof", "127.0.0.1", connecttest.ClosedPort(t))
				order(t, second.Client(), "replicaof", "no", "one")
			},
			func() { c.awaitSeen(http.StatusServiceUnavailable, visitorCount) })
		c.recover(func() { address.Redirect(second.Addr()) })
	})
}
