package measure

import (
	"math"
	"testing"

	"github.com/pyramidgo/redissessions/bench/apps"
	"github.com/pyramidgo/redissessions/bench/internal/redisserver"
	"github.com/pyramidgo/redissessions/internal/connecttest"
)

// TestFillIsAsLarge: the copies of a record take what as many sessions take that the
// application makes itself.
func TestFillIsAsLarge(t *testing.T) {
	const n = 3000
	server := connecttest.RedisServer(t)
	client := redisserver.Client(server.Addr())
	defer client.Close()
	for _, app := range apps.All() {
		if app.Name != UserApp && app.Name != "scs goredisstore" && app.Name != "gorilla boj/redistore" {
			continue
		}
		site, err := app.Open(apps.Config{Redis: server.Addr(), Keys: 3, ValueBytes: 100})
		if err != nil {
			t.Fatal(err)
		}
		copied, err := Fill(t.Context(), server.Addr(), site, n)
		if err != nil {
			t.Fatal(err)
		}
		if err := client.FlushDB(t.Context()).Err(); err != nil {
			t.Fatal(err)
		}
		var memory [2]int64
		for i, visits := range []int{1, n} {
			if err := visit(site, "/create", make([]string, visits)); err != nil {
				t.Fatal(err)
			}
			if memory[i], err = redisserver.SettledMemory(t.Context(), client); err != nil {
				t.Fatal(err)
			}
		}
		made := float64(memory[1]-memory[0]) / n
		if math.Abs(copied/made-1) > 0.02 {
			t.Errorf("%s: %.0f bytes for each copy, %.0f for each session", app.Name, copied, made)
		}
		if err := client.FlushDB(t.Context()).Err(); err != nil {
			t.Fatal(err)
		}
		_ = site.Close()
	}
}
