package factory_test

import (
	"bytes"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/pyramidgo/redissessions/factory"
	"github.com/pyramidgo/redissessions/internal/connecttest"
	"github.com/pyramidgo/redissessions/settings"
)

// TestWrongServer: what an operator reads about a server of another kind than the settings
// say names the key, and what is true of the server.
func TestWrongServer(t *testing.T) {
	plain, tls := connecttest.RedisServer(t), connecttest.RedisServerTLS(t)
	site := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(site.Close)
	web := strings.TrimPrefix(site.URL, "http://")
	for name, c := range map[string]struct {
		keys settings.Map
		want []string
	}{
		"TLS to a plain port":          {settings.Map{"url": "rediss://" + plain.Addr()}, []string{"redis.sessions.url: the server speaks Redis without TLS", "write redis://"}},
		"tls = true to a plain port":   {settings.Map{"host": "127.0.0.1", "redis_port": plain.Port, "redis_tls": true}, []string{"redis.sessions.redis_tls: the server speaks Redis without TLS", "tls = false"}},
		"plain to a TLS port":          {settings.Map{"url": "redis://" + tls.Addr()}, []string{"redis.sessions.url: the server speaks TLS", "rediss://"}},
		"sentinel to a server":         {settings.Map{"url": "redis-sentinel://" + plain.Addr() + "/main"}, []string{"redis.sessions.url: a Redis server answers there and no Sentinel"}},
		"sentinel_addrs of a server":   {settings.Map{"sentinel_master": "main", "sentinel_addrs": plain.Addr()}, []string{"redis.sessions.sentinel_addrs: a Redis server answers"}},
		"cluster to a server":          {settings.Map{"url": "redis-cluster://" + plain.Addr()}, []string{"redis.sessions.url: that is one server and no cluster"}},
		"cluster_addrs of a server":    {settings.Map{"cluster_addrs": plain.Addr()}, []string{"redis.sessions.cluster_addrs: that is one server"}},
		"an HTTP server":               {settings.Map{"url": "redis://:hunter2@" + web}, []string{"redis.sessions.url: an HTTP server answers at " + web}},
		"an HTTP server, by TLS":       {settings.Map{"url": "rediss://" + web}, []string{"an HTTP server answers"}},
		"an HTTP server, as Sentinel":  {settings.Map{"url": "redis-sentinel://" + web + "/main"}, []string{"an HTTP server answers"}},
		"an HTTP server, as a cluster": {settings.Map{"cluster_addrs": web}, []string{"redis.sessions.cluster_addrs: an HTTP server answers"}},
		"no such database":             {settings.Map{"host": "127.0.0.1", "port": plain.Port, "db": 99}, []string{"redis.sessions.db: the server has no database 99"}},
		"no such database in the URL":  {settings.Map{"url": "redis://" + plain.Addr() + "/99"}, []string{"redis.sessions.url: the server has no database 99"}},
		"no CA file":                   {settings.Map{"url": "rediss://" + plain.Addr(), "tls_ca_file": "/no/ca.pem"}, []string{"redis.sessions.tls_ca_file: ", "/no/ca.pem"}},
		"no certificate":               {settings.Map{"url": "rediss://" + plain.Addr(), "tls_cert_file": "/no/c.pem", "tls_key_file": "/no/k.pem"}, []string{"redis.sessions.tls_cert_file: ", "/no/c.pem"}},
		"no such host":                 {settings.Map{"redis_host": "no-such-host.invalid"}, []string{"redis.sessions.redis_host: ", "name"}},
	} {
		for _, connector := range []string{"goredis", "redigo"} {
			if connector == "redigo" && (strings.Contains(name, "luster") || strings.Contains(name, "entinel")) {
				continue // it refuses them
			}
			t.Run(name+", "+connector, func(t *testing.T) {
				keys := with(c.keys, settings.Map{})
				keys["custom_connect"], keys["lazy_connect"], keys["socket_timeout"] = connector, false, "10s"
				got := mistake(t, keys)
				for _, want := range c.want {
					if !strings.Contains(got, want) {
						t.Errorf("%q is not in %s", want, got)
					}
				}
				if strings.Contains(got, "hunter2") {
					t.Errorf("the password is shown: %s", got)
				}
			})
		}
	}
}

// TestMuteServer: at an address that accepts connections and says nothing, the questions are
// asked at the same time, so that the start ends within twice socket_timeout. This server
// answers the one without TLS when the one with TLS is there: in turn, neither would be.
func TestMuteServer(t *testing.T) {
	for _, connector := range []string{"goredis", "redigo"} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		plain, secure := make(chan net.Conn, 1), make(chan struct{}, 1)
		go func() {
			for {
				conn, err := l.Accept()
				if err != nil {
					return
				}
				t.Cleanup(func() { _ = conn.Close() })
				go func() {
					first := make([]byte, 4)
					_, _ = io.ReadFull(conn, first)
					switch {
					case string(first) == "PING":
						plain <- conn
					case first[0] == 22: // the record of a TLS handshake
						secure <- struct{}{}
					}
				}()
			}
		}()
		go func() {
			conn := <-plain
			<-secure
			_, _ = io.WriteString(conn, "HTTP/1.1 400 Bad Request\r\n\r\n")
		}()
		got := mistake(t, settings.Map{"url": "redis://" + l.Addr().String(), "custom_connect": connector, "lazy_connect": false, "socket_timeout": "2s"})
		if !strings.Contains(got, "an HTTP server answers") {
			t.Errorf("%s: %s", connector, got)
		}
		_ = l.Close()
	}
}

// TestClientLog: go-redis's own lines go to the factory's logger, and at Debug.
func TestClientLog(t *testing.T) {
	var debug, info bytes.Buffer
	for level, log := range map[slog.Level]*bytes.Buffer{slog.LevelDebug: &debug, slog.LevelInfo: &info} {
		logger := factory.WithLogger(slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: level})))
		mistake(t, settings.Map{"url": "redis://:hunter2@" + connecttest.ClosedAddr(t), "lazy_connect": false}, logger)
	}
	if !strings.Contains(debug.String(), "level=DEBUG") || !strings.Contains(debug.String(), "go-redis") {
		t.Errorf("at Debug the log is %q", &debug)
	}
	if strings.Contains(info.String(), "go-redis") || strings.Contains(debug.String(), "hunter2") {
		t.Errorf("at Info the log is %q", &info)
	}
}
