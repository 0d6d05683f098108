package faults_test

import (
	"strings"
	"testing"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
)

// network is a way to a server that can be made bad.
type network struct {
	t     *testing.T
	proxy *toxiproxy.Proxy
}

// newNetwork starts a proxy to addr that ends with the test.
func newNetwork(t *testing.T, addr string) *network {
	t.Helper()
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	n := &network{t, toxiproxy.NewProxy(server, "redis", "127.0.0.1:0", addr)}
	if err := n.proxy.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(n.proxy.Stop)
	return n
}

func (n *network) url() string { return "redis://" + n.proxy.Listen }

// poison adds a toxic, as toxiproxy's HTTP interface takes it.
func (n *network) poison(toxic string) {
	n.t.Helper()
	if _, err := n.proxy.Toxics.AddToxicJson(strings.NewReader(toxic)); err != nil {
		n.t.Fatal(err)
	}
}

// cure takes all toxics away.
func (n *network) cure() { n.proxy.Toxics.ResetToxics(n.t.Context()) }
