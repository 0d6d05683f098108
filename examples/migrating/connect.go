package main

import (
	"net/http"
	"sync"

	"github.com/pyramidgo/redissessions/connect"
	"github.com/pyramidgo/redissessions/session"
)

// connections opens a store when it is asked for the first time, and hands it
// out from then on.
type connections struct {
	open connect.Func

	mu    sync.Mutex
	store session.Store
}

func (c *connections) connect(r *http.Request, o connect.Options) (session.Store, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.store == nil {
		store, err := c.open(r.Context(), o)
		if err != nil {
			return nil, err
		}
		c.store = store
	}
	return c.store, nil
}

// close ends the connection: who opens a store for requests closes it too.
func (c *connections) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.store != nil {
		_ = c.store.Close()
	}
}
