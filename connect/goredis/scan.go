package goredis

import (
	"cmp"
	"context"
	"slices"
	"sync"

	"github.com/redis/go-redis/v9"

	"github.com/pyramidgo/redissessions/connect/internal/dialect"
	"github.com/pyramidgo/redissessions/session"
)

var _ session.KeyScanner = (*store)(nil)

// ScanKeys sends SCAN to each primary, one after the other, and for each of its answers
// STRLEN, PTTL and GETRANGE, or GET, of the keys in one round trip.
func (s *store) ScanKeys(ctx context.Context, prefix string, front int, visit func([]session.ScannedKey, float64) error) error {
	nodes, err := s.primaries(ctx)
	if err != nil {
		return s.fault("scan", err)
	}
	progress := dialect.ScanProgress{Servers: len(nodes)}
	for _, node := range nodes {
		size, err := node.DBSize(ctx).Result()
		if err != nil {
			size = -1 // the user may not ask, or the next command has the error too
		}
		progress.Begin(size)
		for cursor, last := uint64(0), false; !last; {
			keys, next, err := s.scan(ctx, node, cursor, prefix)
			if err != nil {
				return s.fault("scan", err)
			}
			cursor, last = next, next == 0
			if err := s.visitKeys(ctx, keys, front, progress.Called(last), visit); err != nil {
				return err
			}
		}
	}
	return nil
}

// primaries returns the client, or those of a cluster's primaries.
func (s *store) primaries(ctx context.Context) ([]redis.Cmdable, error) {
	cluster, ok := s.client.(*redis.ClusterClient)
	if !ok {
		return []redis.Cmdable{s.client}, nil
	}
	var mu sync.Mutex
	var nodes []*redis.Client
	err := cluster.ForEachMaster(ctx, func(_ context.Context, node *redis.Client) error {
		mu.Lock()
		defer mu.Unlock()
		nodes = append(nodes, node)
		return nil
	})
	slices.SortFunc(nodes, func(a, b *redis.Client) int { return cmp.Compare(a.Options().Addr, b.Options().Addr) })
	all := make([]redis.Cmdable, len(nodes))
	for i, node := range nodes {
		all[i] = node
	}
	return all, err
}

func (s *store) scan(ctx context.Context, node redis.Cmdable, cursor uint64, prefix string) (keys []string, next uint64, err error) {
	try := func(ctx context.Context) (err error) {
		keys, next, err = node.Scan(ctx, cursor, dialect.Match(prefix), dialect.ScanCount).Result()
		return err
	}
	if err = try(ctx); err != nil {
		_, err = s.again(ctx, outcome, err, try)
	}
	return keys, next, err
}

// visitKeys reads what is asked for of the keys, and hands it on.
func (s *store) visitKeys(ctx context.Context, keys []string, front int, progress float64, visit func([]session.ScannedKey, float64) error) error {
	most := dialect.ScanCount
	if front < 0 {
		most = dialect.ScanWhole
	}
	if len(keys) == 0 {
		return visit(nil, progress)
	}
	for some := range slices.Chunk(keys, most) {
		found := make([]session.ScannedKey, 0, len(some))
		if front == 0 {
			for _, key := range some {
				found = append(found, session.ScannedKey{Key: key})
			}
		} else {
			try := func(ctx context.Context) (err error) {
				found, err = s.peek(ctx, some, front, found[:0])
				return err
			}
			err := try(ctx)
			if err != nil {
				_, err = s.again(ctx, outcome, err, try)
			}
			if err != nil {
				return s.fault("scan", err)
			}
		}
		if err := visit(found, progress); err != nil {
			return err
		}
	}
	return nil
}

func (s *store) peek(ctx context.Context, keys []string, front int, found []session.ScannedKey) ([]session.ScannedKey, error) {
	pipe := s.client.Pipeline()
	sizes, ttls, fronts := make([]*redis.IntCmd, len(keys)), make([]*redis.DurationCmd, len(keys)), make([]*redis.StringCmd, len(keys))
	for i, key := range keys {
		sizes[i], ttls[i] = pipe.StrLen(ctx, key), pipe.PTTL(ctx, key)
		if front < 0 {
			fronts[i] = pipe.Get(ctx, key)
		} else {
			fronts[i] = pipe.GetRange(ctx, key, 0, int64(front)-1)
		}
	}
	_, _ = pipe.Exec(ctx) // each command has its own error
	for i, key := range keys {
		err := cmp.Or(sizes[i].Err(), ttls[i].Err(), fronts[i].Err())
		switch {
		case absent(err), redis.HasErrorPrefix(err, "WRONGTYPE"):
			continue
		case err != nil:
			return nil, err
		}
		record, _ := fronts[i].Bytes()
		size, ttl := int(sizes[i].Val()), ttls[i].Val()
		if size == 0 || len(record) == 0 || ttl == -2 {
			continue // it has expired since
		}
		// go-redis returns the answer -1, for a key without an end, as a nanosecond.
		found = append(found, session.ScannedKey{Key: key, Front: record, Size: size, TTL: max(ttl, 0)})
	}
	return found, nil
}
