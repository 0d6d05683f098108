package connect_test

import (
	"bytes"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pyramidgo/redissessions/connect"
	"github.com/pyramidgo/redissessions/connect/goredis"
	"github.com/pyramidgo/redissessions/session"
)

// BenchmarkSaveOnServer shows what a guarded save costs the server, as its own
// INFO commandstats says: server-µs/op. What it costs the client is only beside it.
func BenchmarkSaveOnServer(b *testing.B) {
	for _, kind := range []string{"redis", "redis-8", "valkey"} {
		srv := servers[kind](b)
		for _, choice := range []connect.GuardedSave{connect.GuardedSaveScript, connect.GuardedSaveAuto} {
			for _, size := range []int{200, 1000, 4000, 10_000, 16_000, 30_000} {
				b.Run(fmt.Sprintf("%s/%v/%d", kind, choice, size), func(b *testing.B) {
					store, err := goredis.Connect(b.Context(), connect.Options{URL: srv.URL(), GuardedSave: choice})
					if err != nil {
						b.Fatal(err)
					}
					defer func() { _ = store.Close() }()
					ctx, states := b.Context(), [2][]byte{record("revision 001", size), record("revision 002", size)}
					if err := store.Create(ctx, b.Name(), states[0], time.Hour); err != nil {
						b.Fatal(err)
					}
					save := func(n int) error {
						old, next := states[n%2], states[1-n%2]
						return store.(session.RecordComparer).ReplaceRecord(ctx, b.Name(), old[:12], old, next, time.Hour)
					}
					for n := range 1000 { // what was just started is slow
						if err := save(n); err != nil {
							b.Fatal(err)
						}
					}
					client := srv.Client()
					if err := client.ConfigResetStat(ctx).Err(); err != nil {
						b.Fatal(err)
					}
					n := 0
					for b.Loop() {
						if err := save(n); err != nil {
							b.Fatal(err)
						}
						n++
					}
					stats := client.Info(ctx, "commandstats").Val()
					if got, err := store.Load(ctx, b.Name(), 0); err != nil || !bytes.Equal(got, states[n%2]) {
						b.Fatalf("the last save is not stored: %v", err)
					}
					_ = store.Delete(ctx, b.Name())
					b.ReportMetric(serverTime(b, stats)/float64(n), "server-µs/op")
				})
			}
		}
	}
}

// usec is the time of the commands that were sent, without those that a script has
// called: Redis counts them in the script's too.
var usec = regexp.MustCompile(`cmdstat_(set|evalsha):calls=\d+,usec=(\d+)`)

func serverTime(b *testing.B, stats string) float64 {
	b.Helper()
	longest, sum := 0.0, 0.0
	for _, m := range usec.FindAllStringSubmatch(stats, -1) {
		us, err := strconv.ParseFloat(m[2], 64)
		if err != nil {
			b.Fatal(err)
		}
		longest, sum = max(longest, us), sum+us
	}
	if strings.Contains(stats, "cmdstat_rename:") { // SET was sent too, beside the script
		return sum
	}
	if longest == 0 {
		b.Fatal("no command was counted")
	}
	return longest
}
