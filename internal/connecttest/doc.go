// Package connecttest starts what tests of sessions need: real Redis servers
// on loopback (TCP, unix socket, TLS, users, a Sentinel set, a Cluster), a
// miniredis, and a proxy that counts round trips.
//
//	srv := connecttest.RedisServer(t)
//	store, err := goredis.Connect(t.Context(), connect.Options{URL: srv.URL()})
//
// Everything listens on free ports, keeps its files in the test's temporary
// directory, and ends with the test; on Linux also when the test process is
// killed. Where redis-server is not installed the test is skipped, unless the
// environment says REDISSESSIONS_REQUIRE_SERVERS=1: then it fails.
package connecttest
