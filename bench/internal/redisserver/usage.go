package redisserver

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

// CPU returns the processor time that the server has used so far.
func CPU(ctx context.Context, c *redis.Client) (time.Duration, error) {
	sum := 0.0
	for _, name := range []string{"used_cpu_user", "used_cpu_sys"} {
		text, err := infoLine(ctx, c, "cpu", name)
		if err != nil {
			return 0, err
		}
		seconds, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return 0, fmt.Errorf("redisserver: %s: %w", name, err)
		}
		sum += seconds
	}
	return time.Duration(sum * float64(time.Second)), nil
}

var commandStat = regexp.MustCompile(`(?m)^cmdstat_(\w+):calls=\d+,usec=(\d+)`)

// CommandTime returns the time that the server has spent in commands with these names.
func CommandTime(ctx context.Context, c *redis.Client, names ...string) (time.Duration, error) {
	info, err := c.Info(ctx, "commandstats").Result()
	if err != nil {
		return 0, fmt.Errorf("redisserver: INFO commandstats: %w", err)
	}
	sum := time.Duration(0)
	for _, m := range commandStat.FindAllStringSubmatch(info, -1) {
		if !slices.Contains(names, m[1]) {
			continue
		}
		us, err := strconv.ParseInt(m[2], 10, 64)
		if err != nil {
			return 0, fmt.Errorf("redisserver: INFO commandstats: %w", err)
		}
		sum += time.Duration(us) * time.Microsecond
	}
	return sum, nil
}
