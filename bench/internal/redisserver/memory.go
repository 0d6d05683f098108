package redisserver

import (
	"context"
	"fmt"
	"strconv"

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
