package session_test

import (
	"context"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/pyramidgo/redissessions/connect/goredis"
	"github.com/pyramidgo/redissessions/internal/connecttest"
	"github.com/pyramidgo/redissessions/session"
	"github.com/pyramidgo/redissessions/session/internal/record"
)

// fill stores so many sessions of a user, as logins at that time leave them.
func fill(t *testing.T, client *redis.Client, f *session.Factory, user string, n int, login time.Time, value string) {
	t.Helper()
	format, lease := session.FormatOf(f), time.Now().Add(2*time.Hour)
	meta := record.Meta{Created: login, Login: record.Login{User: session.UserHashOf(f, user), At: login.Truncate(time.Millisecond).UTC(), Lease: lease.Truncate(time.Millisecond).UTC()}}
	changes := []record.Change{{Key: "_user_", Value: user, Present: true}, {Key: "value", Value: value, Present: true}}
	pipe := client.Pipeline()
	for i := range n {
		id, err := session.NewIDOf(f)
		if err != nil {
			t.Fatal(err)
		}
		at := format.Address(id)
		raw, _, err := format.Encode(at, meta, format.Layout().Empty(), changes)
		if err != nil {
			t.Fatal(err)
		}
		pipe.Set(t.Context(), at.Key, raw, time.Hour)
		pipe.ZAdd(t.Context(), session.SetKeyOf(f, user), redis.Z{Score: float64(lease.UnixMilli()), Member: format.Member(at, meta.Login.At)})
		if i%1000 == 999 || i == n-1 {
			if _, err := pipe.Exec(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// keysAtOnce notes how many keys a store is given at once.
type keysAtOnce struct {
	session.Store
	session.UserIndex
	session.TTLLoader
	batch        session.BatchStore
	most, calls  int
	mostInRemove int
	heap         uint64 // the most that was in use
}

func (k *keysAtOnce) LoadEach(ctx context.Context, keys []string) ([]session.Loaded, error) {
	k.most, k.calls = max(k.most, len(keys)), k.calls+1
	if k.calls%50 == 0 {
		k.heap = max(k.heap, heapInUse())
	}
	return k.batch.LoadEach(ctx, keys)
}

func (k *keysAtOnce) RemoveEach(ctx context.Context, keys []string, guards [][]byte) ([]error, error) {
	k.most, k.calls = max(k.most, len(keys)), k.calls+1
	return k.batch.RemoveEach(ctx, keys, guards)
}

func (k *keysAtOnce) IndexRemove(ctx context.Context, key string, members ...[]byte) error {
	k.mostInRemove = max(k.mostInRemove, len(members))
	return k.UserIndex.IndexRemove(ctx, key, members...)
}

func heapInUse() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// Twenty thousand sessions of one user are listed and ended a hundred at a time, and what
// is kept of them does not grow with their data.
func TestManySessions(t *testing.T) {
	const n, bytes = 20_000, 2000
	for _, format := range formats {
		t.Run(format.String(), func(t *testing.T) { manySessions(t, format, n, bytes) })
	}
}

func manySessions(t *testing.T, format session.Format, n, bytes int) {
	srv := connecttest.RedisServer(t)
	store := openStore(t, goredis.Connect, srv.URL())
	k := &keysAtOnce{Store: store, UserIndex: store.(session.UserIndex), TTLLoader: store.(session.TTLLoader), batch: store.(session.BatchStore)}
	f := newUsersFactory(t, k, format, func(o *session.Options) { o.SaveTimeout = time.Minute })
	for _, login := range []time.Time{time.Now().Add(-time.Hour), time.Now()} { // half of them young
		fill(t, srv.Client(), f, "ann", n/2, login, strings.Repeat("x", bytes))
	}
	before := heapInUse()
	infos, err := f.Sessions(t.Context(), "ann")
	if err != nil || len(infos) != n {
		t.Fatalf("%d sessions, %v", len(infos), err)
	}
	if kept := int64(k.heap) - int64(before); kept > int64(n*bytes/2) {
		t.Errorf("a list of %d sessions keeps %d bytes, their data are %d", n, kept, n*bytes)
	}
	if ended, err := f.EndAll(t.Context(), "ann"); ended != n || err != nil {
		t.Errorf("EndAll: %d, %v", ended, err)
	}
	if k.most > 100 || k.calls > 4*n/100 || k.mostInRemove > 5000 {
		t.Errorf("%d keys at once, %d calls, %d members removed at once", k.most, k.calls, k.mostInRemove)
	}
	if left := srv.Client().DBSize(t.Context()).Val(); left != 1 { // the set, for its epoch
		t.Errorf("%d keys are left", left)
	}
}
