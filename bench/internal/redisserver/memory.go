package redisserver

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

// UsedMemory returns how many bytes the server has allocated.
func UsedMemory(ctx context.Context, c *redis.Client) (int64, error) {
	text, err := infoLine(ctx, c, "memory", "used_memory")
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("redisserver: used_memory: %w", err)
	}
	return n, nil
}

// How often memory is looked at until it has settled, and for how long at most.
const (
	look      = 100 * time.Millisecond // as often as Redis does what goes on aside
	sameLooks = 6
	mostLooks = 100
)

// SettledMemory returns UsedMemory when it has been the same for half a second. Redis
// doubles its tables of keys when they are full, and has the old one beside the new one
// until every key has moved, which goes on after the last command.
func SettledMemory(ctx context.Context, c *redis.Client) (int64, error) {
	last, same := int64(0), 0
	for range mostLooks {
		n, err := UsedMemory(ctx, c)
		if err != nil {
			return 0, err
		}
		if same++; n != last {
			last, same = n, 1
		}
		if same == sameLooks {
			return n, nil
		}
		select {
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-time.After(look):
		}
	}
	return 0, fmt.Errorf("redisserver: used_memory still changes after %v", mostLooks*look)
}
