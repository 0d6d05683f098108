package factory_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/pyramidgo/redissessions/internal/connecttest"
	"github.com/pyramidgo/redissessions/settings"
)

// TestWrongLogin: a password that is missing, wrong or too much names the key that says it,
// and a URL without one, which wins over the key, names the URL.
func TestWrongLogin(t *testing.T) {
	open, users := connecttest.RedisServer(t), connecttest.RedisServerUser(t, "alice", "right")
	closed := connecttest.RedisServer(t)
	if err := closed.Client().ConfigSet(t.Context(), "requirepass", "right").Err(); err != nil {
		t.Fatal(err)
	}
	at := func(srv *connecttest.Server, more settings.Map) settings.Map {
		keys := with(settings.Map{"host": "127.0.0.1", "port": strconv.Itoa(srv.Port)}, settings.Map{})
		for k, v := range more {
			keys[k] = v
		}
		return keys
	}
	for name, c := range map[string]struct {
		keys settings.Map
		want string
	}{
		"none":              {at(closed, nil), "redis.sessions.password: the server wants a password"},
		"none in the URL":   {settings.Map{"url": "redis://" + closed.Addr(), "password": "right"}, "redis.sessions.url: the server wants a password, and the URL has none"},
		"wrong":             {at(closed, settings.Map{"redis_password": "hunter2"}), "redis.sessions.redis_password: the server refuses it"},
		"wrong in the URL":  {settings.Map{"url": "redis://:hunter2@" + closed.Addr()}, "redis.sessions.url: the server refuses its password"},
		"wrong for a user":  {at(users, settings.Map{"username": "alice", "password": "hunter2"}), "redis.sessions.password: the server refuses it, or has no such user as username says"},
		"unknown user, URL": {settings.Map{"url": "redis://bob:hunter2@" + users.Addr()}, "redis.sessions.url: the server refuses its user name or password"},
		"too much":          {at(open, settings.Map{"password": "hunter2"}), "redis.sessions.password: the server has no password; take it out"},
	} {
		for _, connector := range []string{"goredis", "redigo"} {
			if name == "too much" && connector == "goredis" {
				continue // it greets with HELLO, which a server without a password lets pass
			}
			t.Run(name+", "+connector, func(t *testing.T) {
				keys := with(c.keys, settings.Map{})
				keys["custom_connect"], keys["lazy_connect"] = connector, false
				if got := mistake(t, keys); !strings.Contains(got, c.want) || strings.Contains(got, "hunter2") {
					t.Errorf("%q is not in %s", c.want, got)
				}
			})
		}
	}
}

// TestClusterOfOneNode: what is true of a single node that is a cluster.
func TestClusterOfOneNode(t *testing.T) {
	nameless := connecttest.RedisServer(t, "cluster-enabled yes", "cluster-preferred-endpoint-type hostname")
	elsewhere := connecttest.RedisServer(t, "cluster-enabled yes", "cluster-preferred-endpoint-type hostname", "cluster-announce-hostname node.invalid")
	for _, srv := range []*connecttest.Server{nameless, elsewhere} {
		if err := srv.Client().Do(t.Context(), "cluster", "addslotsrange", 0, 16383).Err(); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		keys settings.Map
		want []string
	}{
		"no host name":       {settings.Map{"url": "redis-cluster://" + nameless.Addr()}, []string{"redis.sessions.url: the cluster does not name", "cluster-announce-hostname"}},
		"an unknown name":    {settings.Map{"cluster_addrs": elsewhere.Addr()}, []string{"redis.sessions.cluster_addrs: ", "names its nodes itself", "node.invalid"}},
		"database 3":         {settings.Map{"url": "redis://" + nameless.Addr() + "/3"}, []string{"redis.sessions.url: a node of a cluster has database 0 only"}},
		"database 3, by key": {settings.Map{"host": "127.0.0.1", "port": nameless.Port, "db": 3}, []string{"redis.sessions.db: a node of a cluster has database 0 only"}},
	} {
		c.keys["lazy_connect"] = false
		got := mistake(t, c.keys)
		for _, want := range c.want {
			if !strings.Contains(got, want) {
				t.Errorf("%s: %q is not in %s", name, want, got)
			}
		}
	}
}

// TestTLSToAPlainPortEndsEarly: that no TLS comes back is found out before the time for
// making a connection is over.
func TestTLSToAPlainPortEndsEarly(t *testing.T) {
	plain := connecttest.RedisServer(t)
	for _, connector := range []string{"goredis", "redigo"} {
		got := mistake(t, settings.Map{"url": "rediss://" + plain.Addr(), "custom_connect": connector, "lazy_connect": false})
		if !strings.Contains(got, "redis.sessions.url: the server speaks Redis without TLS") || strings.Contains(got, "timeout") || strings.Contains(got, "deadline") || strings.Contains(got, "canceled") {
			t.Errorf("%s: %s", connector, got)
		}
	}
}

// TestRedigoHasNoCluster: the connector is to blame, not what the server speaks.
func TestRedigoHasNoCluster(t *testing.T) {
	plain := connecttest.RedisServer(t)
	for _, url := range []string{"rediss-cluster://" + plain.Addr(), "rediss-sentinel://" + plain.Addr() + "/main"} {
		got := mistake(t, settings.Map{"url": url, "custom_connect": "redigo", "lazy_connect": false})
		if !strings.Contains(got, "redis.sessions.custom_connect: write goredis") || strings.Contains(got, "TLS") {
			t.Errorf("%s: %s", url, got)
		}
	}
}
