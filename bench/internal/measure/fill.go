package measure

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/pyramidgo/redissessions/bench/apps"
	"github.com/pyramidgo/redissessions/bench/internal/redisserver"
)

// perPipeline is how many copies go to Redis at once.
const perPipeline = 500

// maxFill is how much memory Redis may take.
const maxFill = 1 << 30

// Fill brings n sessions of an application into an empty Redis and returns how
// many bytes of memory each of them takes there. The application makes one; the
// others are copies of its record with the same time to live, under keys of the
// same length.
func Fill(ctx context.Context, addr string, c apps.Caller, n int) (bytesPerSession float64, err error) {
	client := redisserver.Client(addr)
	defer func() { _ = client.Close() }()
	if err := visit(c, "/create", []string{""}); err != nil {
		return 0, err
	}
	key, record, ttl, err := only(ctx, client)
	if err != nil {
		return 0, err
	}
	before, err := redisserver.SettledMemory(ctx, client)
	if err != nil {
		return 0, err
	}
	const probe = 1000
	if err := copies(ctx, addr, key, record, ttl, min(n, probe)); err != nil {
		return 0, err
	}
	if n > probe {
		after, err := redisserver.UsedMemory(ctx, client)
		if err != nil {
			return 0, err
		}
		if need := (after - before) / probe * int64(n); need > maxFill {
			return 0, fmt.Errorf("measure: %d sessions would take %d MB", n, need>>20)
		}
		if err := copies(ctx, addr, key, record, ttl, n-probe); err != nil {
			return 0, err
		}
	}
	after, err := redisserver.SettledMemory(ctx, client)
	return float64(after-before) / float64(n), err
}

// only returns the one record that Redis holds.
func only(ctx context.Context, client *redis.Client) (key, record string, ttl time.Duration, err error) {
	keys, err := client.Keys(ctx, "*").Result()
	switch {
	case err != nil:
		return "", "", 0, fmt.Errorf("measure: %w", err)
	case len(keys) != 1:
		return "", "", 0, fmt.Errorf("measure: a new session made %d keys, want 1", len(keys))
	}
	if record, err = client.Get(ctx, keys[0]).Result(); err != nil {
		return "", "", 0, fmt.Errorf("measure: %w", err)
	}
	if ttl, err = client.PTTL(ctx, keys[0]).Result(); err != nil {
		return "", "", 0, fmt.Errorf("measure: %w", err)
	}
	if ttl <= 0 {
		return "", "", 0, errors.New("measure: a new session has no time to live")
	}
	return keys[0], record, ttl, nil
}

// copies writes copies of a record, over a connection of its own: while it is
// open, Redis keeps a buffer for it, which is no session's.
func copies(ctx context.Context, addr, key, record string, ttl time.Duration, n int) error {
	client := redisserver.Client(addr)
	defer func() { _ = client.Close() }()
	const random = 12 // bytes; a key is made of 24 or more letters everywhere
	if len(key) < 2*random {
		return fmt.Errorf("measure: the key %q is too short to vary", key)
	}
	prefix, tail := key[:len(key)-2*random], make([]byte, random)
	pipeline := client.Pipeline()
	for i := range n {
		_, _ = rand.Read(tail) // never fails, says its documentation
		pipeline.Set(ctx, prefix+hex.EncodeToString(tail), record, ttl)
		if pipeline.Len() == perPipeline || i == n-1 {
			if _, err := pipeline.Exec(ctx); err != nil {
				return fmt.Errorf("measure: %w", err)
			}
		}
	}
	return nil
}
