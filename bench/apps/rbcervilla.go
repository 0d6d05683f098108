package apps

import (
	"context"
	"fmt"

	"github.com/gorilla/sessions"
	"github.com/rbcervilla/redisstore/v9"
	"github.com/redis/go-redis/v9"
)

// openRbcervilla opens the application on gorilla/sessions with
// rbcervilla/redisstore, whose cookie is the ID and carries no signature.
func openRbcervilla(cfg Config) (Site, error) {
	client := redis.NewClient(&redis.Options{Addr: cfg.Redis})
	store, err := redisstore.NewRedisStore(context.Background(), client)
	if err != nil {
		_ = client.Close()
		return nil, fmt.Errorf("apps: rbcervilla/redisstore: %w", err)
	}
	store.Options(sessions.Options{Path: "/", MaxAge: int(lifetime.Seconds())})
	return newGorilla(cfg, store, store.Close), nil
}
