package factory_test

import (
	"strings"
	"testing"

	"github.com/pyramidgo/redissessions/factory"
	"github.com/pyramidgo/redissessions/internal/connecttest"
	"github.com/pyramidgo/redissessions/settings"
)

var distributedEffects = map[string]func(*testing.T){
	"SentinelMaster SentinelAddrs":      testSentinel,
	"SentinelUsername SentinelPassword": testSentinelUser,
	"ClusterAddrs": func(t *testing.T) {
		cluster := connecttest.Cluster(t)
		s := newSiteElsewhere(t, settings.Map{"cluster_addrs": cluster.Nodes[0].Addr()})
		// One seed is enough to be a cluster: sessions land on all its nodes.
		for range 12 {
			s.visitor.Forget()
			if s.write(); s.count() != 1 {
				t.Fatal("no session in the cluster")
			}
		}
	},
}

func sentinelAddrs(set *connecttest.SentinelSet) string {
	var addrs []string
	for _, s := range set.Sentinels {
		addrs = append(addrs, s.Addr())
	}
	return strings.Join(addrs, " ")
}

func testSentinel(t *testing.T) {
	set := connecttest.Sentinels(t)
	keys := settings.Map{"sentinel_master": set.Master, "sentinel_addrs": sentinelAddrs(set)}
	s := newSiteElsewhere(t, keys)
	if s.write(); s.count() != 1 {
		t.Error("no session on the primary that the sentinels name")
	}
	keys["sentinel_master"] = "nobody"
	if f, err := factory.FromSettings(with(settings.Map{"redis.sessions.secret": secret}, keys)); err == nil {
		f.Close()
		t.Error("a primary that no sentinel knows was accepted")
	}
}

func testSentinelUser(t *testing.T) {
	set := connecttest.SentinelsWithPasswords(t, "for-redis", "for-sentinel")
	keys := settings.Map{
		"sentinel_master": set.Master, "sentinel_addrs": sentinelAddrs(set), "password": "for-redis",
		"sentinel_username": "default", "sentinel_password": "for-sentinel",
	}
	s := newSiteElsewhere(t, keys)
	if s.write(); s.count() != 1 {
		t.Error("no session on the primary that the sentinels name")
	}
	keys["sentinel_password"] = "wrong-one"
	f, err := factory.FromSettings(with(settings.Map{"redis.sessions.secret": secret}, keys))
	if err == nil {
		f.Close()
		t.Fatal("a wrong password was accepted by the sentinels")
	}
	if strings.Contains(err.Error(), "wrong-one") {
		t.Errorf("the error shows the password: %v", err)
	}
}
