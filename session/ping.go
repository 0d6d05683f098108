package session

import (
	"context"
	"errors"
)

// ErrPingPerRequest is returned by Ping when Options.StoreFor chooses the store: which
// one a request would get is not known without a request.
var ErrPingPerRequest = errors.New("session: ping: StoreFor chooses the store of each request; ping the stores that it returns")

// Ping asks the store for a sign of life: it is for a readiness check. It sends one
// command to Redis, PING where the store is a Pinger, and otherwise the load of a key
// that has no record. The error wraps ErrUnavailable. With Options.StoreFor it is
// ErrPingPerRequest, and nothing is sent.
func (f *Factory) Ping(ctx context.Context) error {
	if f.opts.StoreFor != nil {
		return ErrPingPerRequest
	}
	if p, ok := f.store.(Pinger); ok {
		return storeError("ping", p.Ping(ctx))
	}
	_, err := f.store.Load(ctx, f.opts.Prefix+"redissessions.ping", 0)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return storeError("ping", err)
}
