package apps

import (
	"fmt"

	"github.com/boj/redistore/v2"
	"github.com/gorilla/securecookie"
)

// openBoj opens the application on gorilla/sessions with boj/redistore.
func openBoj(cfg Config) (Site, error) {
	store, err := bojStore(cfg)
	if err != nil {
		return nil, err
	}
	return newGorilla(cfg, store, store.Close), nil
}

// bojStore opens boj/redistore, whose own pool sends a PING before each use of a
// connection.
func bojStore(cfg Config) (*redistore.RediStore, error) {
	store, err := redistore.NewStore(
		redistore.Keys(securecookie.GenerateRandomKey(32)),
		redistore.WithAddress("tcp", cfg.Redis),
		redistore.WithPoolSize(redigoConnections),
		redistore.WithMaxLength(0), // the default, 4096, is less than 100 keys
		redistore.WithMaxAge(int(lifetime.Seconds())),
	)
	if err != nil {
		return nil, fmt.Errorf("apps: boj/redistore: %w", err)
	}
	return store, nil
}
