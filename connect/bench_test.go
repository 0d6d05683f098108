package connect_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/pyramidgo/redissessions/connect"
	"github.com/pyramidgo/redissessions/internal/connecttest"
	"github.com/pyramidgo/redissessions/session"
)

// benchRecord is a session of about ten keys.
var benchRecord = []byte(guard + strings.Repeat("a record ", 110))

const guard = "revision"

// BenchmarkStore shows what each operation costs beside the same command of a
// plain go-redis client, with one request at a time.
func BenchmarkStore(b *testing.B) {
	srv := connecttest.RedisServer(b)
	plain := redis.NewClient(&redis.Options{Addr: srv.Addr()})
	defer func() { _ = plain.Close() }()
	must := func(err error) {
		b.Helper()
		if err != nil {
			b.Fatal(err)
		}
	}
	ctx := b.Context()
	must(plain.Set(ctx, "k", benchRecord, time.Hour).Err())

	run := func(name string, op func() error) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := op(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	run("Load/plain", func() error { return plain.Get(ctx, "k").Err() })
	run("LoadAndRestart/plain", func() error { return plain.GetEx(ctx, "k", time.Hour).Err() })
	run("Replace/plain", func() error { return plain.Set(ctx, "k", benchRecord, time.Hour).Err() })
	for name, f := range connectors {
		store, err := f(ctx, connect.Options{URL: srv.URL()})
		must(err)
		defer func() { _ = store.Close() }()
		run("Load/"+name, func() error { _, err := store.Load(ctx, "k", 0); return err })
		run("LoadAndRestart/"+name, func() error { _, err := store.Load(ctx, "k", time.Hour); return err })
		run("LoadTTL/"+name, func() error { _, _, err := store.(session.TTLLoader).LoadTTL(ctx, "k"); return err })
		run("Replace/"+name, func() error { return store.Replace(ctx, "k", []byte(guard), benchRecord, time.Hour) })
		n := 0
		run("Create/"+name, func() error {
			n++
			return store.Create(ctx, fmt.Sprintf("%s %d", name, n), benchRecord, time.Minute)
		})
	}
}

// BenchmarkCrowd shows what auto_pipeline is worth when many requests are
// under way, and from how many on.
func BenchmarkCrowd(b *testing.B) {
	srv := connecttest.RedisServer(b)
	for _, crowd := range []int{1, 2, 4, 6, 8, 12, 16, 24, 32, 64, 256} {
		for _, name := range []string{"goredis", "goredis-auto", "goredis-on"} {
			b.Run(fmt.Sprintf("%d/%s", crowd, name), func(b *testing.B) {
				store, err := connectors[name](b.Context(), connect.Options{URL: srv.URL()})
				if err != nil {
					b.Fatal(err)
				}
				defer func() { _ = store.Close() }()
				_ = store.Create(b.Context(), "k", benchRecord, 0)
				b.ResetTimer()
				var wg sync.WaitGroup
				for i := range crowd {
					wg.Go(func() {
						for range (b.N + i) / crowd {
							if _, err := store.Load(b.Context(), "k", time.Hour); err != nil {
								b.Error(err)
							}
						}
					})
				}
				wg.Wait()
			})
		}
	}
}
