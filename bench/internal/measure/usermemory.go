package measure

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/redis/go-redis/v9"

	"github.com/pyramidgo/redissessions/bench/internal/record"
)

// memory fills Redis without the index and with it. The difference is the index.
func (u *Users) memory(ctx context.Context, client *redis.Client) (record.Result, error) {
	r := record.Result{Cell: u.cell(RouteMemory, u.Each), App: UserApp, Requests: 1, Values: map[string]float64{}}
	var took [2]int64
	for i, index := range []bool{false, true} {
		var err error
		if took[i], err = u.fill(ctx, oneURL(u.Redis), index, client); err != nil {
			return r, err
		}
	}
	r.Values[record.SessionBytes] = float64(took[0]) / float64(u.Users*u.Each)
	r.Values[record.IndexBytes] = float64(took[1]-took[0]) / float64(u.Users)
	var err error
	if r.Values[record.IndexUsage], err = usage(ctx, client, "session:u:*"); err == nil {
		r.Values[record.SessionUsage], err = usage(ctx, client, "session:[0-9a-f]*")
	}
	return r, err
}

// usage returns what MEMORY USAGE says of a key that matches a pattern: the mean of
// some.
func usage(ctx context.Context, client *redis.Client, pattern string) (float64, error) {
	sum, n := int64(0), 0
	keys := client.Scan(ctx, 0, pattern, 1000).Iterator()
	for n < sampleOf && keys.Next(ctx) {
		bytes, err := client.MemoryUsage(ctx, keys.Val(), 0).Result()
		if err != nil {
			return 0, fmt.Errorf("measure: %w", err)
		}
		sum, n = sum+bytes, n+1
	}
	if err := keys.Err(); err != nil || n == 0 {
		return 0, fmt.Errorf("measure: %d keys like %s: %w", n, pattern, err)
	}
	return math.Round(float64(sum) / float64(n)), nil
}

// indexSize returns what MEMORY USAGE says of the index of a user.
func (u *Users) indexSize(ctx context.Context, client *redis.Client, s *userSite, devices int) (float64, error) {
	before := map[string]bool{}
	const marked = "user-of-the-size"
	keys, err := client.Keys(ctx, "session:u:*").Result()
	if err != nil {
		return 0, fmt.Errorf("measure: %w", err)
	}
	for _, k := range keys {
		before[k] = true
	}
	if err := s.loginTimes(ctx, marked, devices); err != nil {
		return 0, err
	}
	if keys, err = client.Keys(ctx, "session:u:*").Result(); err != nil {
		return 0, fmt.Errorf("measure: %w", err)
	}
	i := slices.IndexFunc(keys, func(k string) bool { return !before[k] })
	if i < 0 {
		return 0, errors.New("measure: a login has added no index")
	}
	bytes, err := client.MemoryUsage(ctx, keys[i], 0).Result()
	if err == nil {
		err = client.Del(ctx, keys[i]).Err()
	}
	if err != nil {
		return 0, fmt.Errorf("measure: %w", err)
	}
	return float64(bytes), nil
}
