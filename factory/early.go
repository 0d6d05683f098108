package factory

import (
	"context"
	"time"

	"github.com/pyramidgo/redissessions/connect"
	"github.com/pyramidgo/redissessions/session"
)

// patience is how long a TLS handshake at start-up takes before the server is asked whether
// it speaks TLS at all. One that does not waits for more bytes and says nothing, until the
// time for making a connection is over. A server with TLS that is slow may be asked, and
// notes it in its log.
const patience = time.Second

// start starts the connector. What speaks no TLS at the address ends the start early, with
// an error that diagnose explains.
func start(ctx context.Context, con connector, given connect.Options) (session.Store, error) {
	o, err := given.Resolve()
	if err != nil || !con.builtIn || given.Client != nil || !o.TLS.Enabled || o.LazyConnect {
		return con.start(ctx, given)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	_, network, addr := address(o)
	timer := time.AfterFunc(patience, func() {
		if isPlain(ask(network, addr, patience)) {
			cancel()
		}
	})
	defer timer.Stop()
	return con.start(ctx, given)
}
