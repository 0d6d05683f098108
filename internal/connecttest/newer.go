package connecttest

import (
	"os"
	"path/filepath"
	"testing"
)

// ValkeyServer starts Valkey 9 as RedisServer starts the machine's redis-server.
// The program is in the folder that REDISSESSIONS_SERVERS names, by default
// redissessions-servers in the user's cache directory, where "make servers" puts
// it on Debian. Without it the test is skipped, unless the environment says
// REDISSESSIONS_REQUIRE_SERVERS=1: then it fails.
func ValkeyServer(tb testing.TB, settings ...string) *Server {
	tb.Helper()
	return launch(tb, &Server{program: newer(tb, "valkey-server")}, settings)
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
	return launch(tb, &Server{program: newer(tb, "redis-server")}, settings)
}

// newer returns how to start a program of the folder: by the folder's own loader,
// with the libraries beside it, because the machine's C library is older.
func newer(tb testing.TB, program string) []string {
	tb.Helper()
	folder := os.Getenv("REDISSESSIONS_SERVERS")
	if folder == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			tb.Fatalf("connecttest: %v", err)
		}
		folder = filepath.Join(cache, "redissessions-servers")
	}
	path := filepath.Join(folder, "usr", "bin", program)
	loaders, err := filepath.Glob(filepath.Join(folder, "usr", "lib", "*-linux-gnu", "ld-linux*.so.*"))
	if err != nil {
		tb.Fatalf("connecttest: %v", err)
	}
	if _, err := os.Stat(path); err == nil && len(loaders) == 1 {
		return []string{loaders[0], "--library-path", filepath.Dir(loaders[0]), path}
	}
	const how = "a newer %s is not in %s; make servers unpacks it on Debian, and REDISSESSIONS_SERVERS names another folder"
	if os.Getenv("REDISSESSIONS_REQUIRE_SERVERS") == "1" {
		tb.Fatalf(how+" (REDISSESSIONS_REQUIRE_SERVERS=1 makes this a failure)", program, folder)
	}
	tb.Skipf(how, program, folder)
	return nil
}
