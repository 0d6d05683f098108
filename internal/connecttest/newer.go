package connecttest

import (
	"os"
	"testing"

	"github.com/pyramidgo/redissessions/internal/newer"
)

// ValkeyServer starts Valkey 9 as RedisServer starts the machine's redis-server.
// The program is in the folder that REDISSESSIONS_SERVERS names, by default
// redissessions-servers in the user's cache directory, where "make servers" puts
// it on Debian. Without it the test is skipped, unless the environment says
// REDISSESSIONS_REQUIRE_SERVERS=1: then it fails.
func ValkeyServer(tb testing.TB, settings ...string) *Server {
	tb.Helper()
	return launch(tb, &Server{program: program(tb, "valkey-server")}, settings)
}

// ValkeyServerWithoutLua is a ValkeyServer whose Lua module has been unloaded:
// it runs no scripts.
func ValkeyServerWithoutLua(tb testing.TB, settings ...string) *Server {
	tb.Helper()
	s := ValkeyServer(tb, append([]string{"enable-module-command local"}, settings...)...)
	if err := s.Client().Do(tb.Context(), "module", "unload", "lua").Err(); err != nil {
		tb.Fatalf("connecttest: %v", err)
	}
	return s
}

// Redis8Server starts Redis 8, which is found as ValkeyServer is.
func Redis8Server(tb testing.TB, settings ...string) *Server {
	tb.Helper()
	return launch(tb, &Server{program: program(tb, "redis-server")}, settings)
}

// program returns the command that starts a program of the folder.
func program(tb testing.TB, name string) []string {
	tb.Helper()
	command, err := newer.Server(name)
	switch {
	case err == nil:
	case os.Getenv("REDISSESSIONS_REQUIRE_SERVERS") == "1":
		tb.Fatalf("connecttest: %v (REDISSESSIONS_REQUIRE_SERVERS=1 makes this a failure)", err)
	default:
		tb.Skipf("connecttest: %v", err)
	}
	return command
}
