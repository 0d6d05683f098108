package factory_test

import (
	"strings"
	"testing"

	"github.com/gomodule/redigo/redis"

	"github.com/pyramidgo/redissessions/internal/connecttest"
	"github.com/pyramidgo/redissessions/settings"
)

// TestClusterWithoutEndpoints: nodes that do not tell their addresses are no matter of
// Sentinel.
func TestClusterWithoutEndpoints(t *testing.T) {
	cluster := connecttest.Cluster(t)
	for _, node := range cluster.Nodes {
		c, err := redis.Dial("tcp", node.Addr())
		if err != nil {
			t.Fatal(err)
		}
		for _, set := range [][2]any{{"cluster-preferred-endpoint-type", "unknown-endpoint"}} {
			if _, err := c.Do("CONFIG", "SET", set[0], set[1]); err != nil {
				t.Skip("this server has no such setting")
			}
		}
		c.Close()
	}
	got := mistake(t, settings.Map{"cluster_addrs": cluster.Nodes[0].Addr(), "lazy_connect": false})
	if strings.Contains(strings.ToLower(got), "sentinel") || !strings.Contains(got, "redis.sessions.cluster_addrs: ") || !strings.Contains(got, "cluster-preferred-endpoint-type") {
		t.Error(got)
	}
}
