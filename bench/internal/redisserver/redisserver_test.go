package redisserver_test

import (
	"os"
	"testing"

	"github.com/pyramidgo/redissessions/bench/internal/pin"
	"github.com/pyramidgo/redissessions/bench/internal/redisserver"
	"github.com/pyramidgo/redissessions/internal/newer"
)

// TestValkeyHasACompareAndSet: without one, a save on Valkey would be measured that goes by
// the script, as on Redis.
func TestValkeyHasACompareAndSet(t *testing.T) {
	if _, err := newer.Server("valkey-server"); err != nil {
		if os.Getenv("REDISSESSIONS_REQUIRE_SERVERS") == "1" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	server, err := redisserver.StartValkey(t.Context(), pin.Anywhere)
	if err != nil {
		t.Fatal(err)
	}
	defer server.Stop()
	c := redisserver.Client(server.Addr)
	defer c.Close()
	for _, command := range [][]any{{"SET", "key", "old"}, {"SET", "key", "new", "IFEQ", "old"}} {
		if err := c.Do(t.Context(), command...).Err(); err != nil {
			t.Errorf("%v: %v", command, err)
		}
	}
	if version, err := server.Version(t.Context()); err != nil || version[0] < '9' {
		t.Errorf("version %q, %v, want 9 or later", version, err)
	}
}
