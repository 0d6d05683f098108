package connecttest

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// primaries and slots are how many of them a cluster has.
const (
	primaries = 3
	slots     = 16384
)

// ClusterSet is a Redis Cluster.
type ClusterSet struct {
	tb testing.TB
	// Nodes are three primaries and then their replicas, in the same order.
	// The cluster changes that when one fails.
	Nodes []*Server
}

// Cluster starts a Redis Cluster of three primaries, each with a replica. No replica takes
// over from a primary that is slow, until FailFast; see Sentinels.
func Cluster(tb testing.TB) *ClusterSet {
	tb.Helper()
	set := &ClusterSet{tb: tb}
	var busPorts []int
	for range 2 * primaries {
		settings := []string{
			"cluster-enabled yes",
			"cluster-config-file nodes.conf",
			"cluster-node-timeout 2000",
			"cluster-replica-validity-factor 0",
		}
		bus := 0
		if Since7(tb) {
			bus = freePorts(tb, 1)[0]
			settings = append(settings, "cluster-port "+strconv.Itoa(bus))
		}
		node := launch(tb, &Server{}, settings)
		if bus == 0 {
			bus = node.Port + busOffset
		}
		set.Nodes, busPorts = append(set.Nodes, node), append(busPorts, bus)
	}
	set.introduce(busPorts)
	set.deal()
	set.pair()
	set.nodeTimeout(steady)
	return set
}

// FailFast makes a replica take over from a primary that does not answer for two seconds.
func (set *ClusterSet) FailFast() {
	set.tb.Helper()
	set.nodeTimeout(failFast)
}

func (set *ClusterSet) nodeTimeout(d time.Duration) {
	set.tb.Helper()
	for _, node := range set.Nodes {
		set.must(node.Client().ConfigSet(context.Background(), "cluster-node-timeout", strconv.FormatInt(d.Milliseconds(), 10)).Err())
	}
}

// introduce makes the nodes know each other.
func (set *ClusterSet) introduce(busPorts []int) {
	set.tb.Helper()
	ctx, firstNode := context.Background(), set.Nodes[0].Client()
	for i, node := range set.Nodes {
		set.must(node.Client().Do(ctx, "cluster", "set-config-epoch", i+1).Err())
		if i > 0 {
			set.must(firstNode.Do(ctx, "cluster", "meet", "127.0.0.1", node.Port, busPorts[i]).Err())
		}
	}
	for _, node := range set.Nodes {
		client := node.Client()
		Eventually(set.tb, startTimeout, func() error {
			info, err := client.ClusterInfo(ctx).Result()
			if want := "cluster_known_nodes:" + strconv.Itoa(len(set.Nodes)); err == nil && !strings.Contains(info, want) {
				err = errors.New("not " + want)
			}
			return err
		})
	}
}

// deal gives every primary its share of the slots.
func (set *ClusterSet) deal() {
	set.tb.Helper()
	for i := range primaries {
		from, to := slots*i/primaries, slots*(i+1)/primaries-1
		set.must(set.Nodes[i].Client().ClusterAddSlotsRange(context.Background(), from, to).Err())
	}
}

// pair gives every primary its replica and waits until all is well.
func (set *ClusterSet) pair() {
	set.tb.Helper()
	ctx := context.Background()
	for i := range primaries {
		primary, replica := set.Nodes[i].Client(), set.Nodes[primaries+i].Client()
		id, err := primary.Do(ctx, "cluster", "myid").Text()
		set.must(err)
		// The replica may not have heard of the primary's slots yet.
		Eventually(set.tb, startTimeout, func() error { return replica.ClusterReplicate(ctx, id).Err() })
	}
	for i, node := range set.Nodes {
		client := node.Client()
		Eventually(set.tb, startTimeout, func() error {
			info, err := client.ClusterInfo(ctx).Result()
			if err == nil && !strings.Contains(info, "cluster_state:ok") {
				return errors.New("the cluster is not ready")
			}
			if err != nil || i < primaries {
				return err
			}
			info, err = client.Info(ctx, "replication").Result()
			if err == nil && !strings.Contains(info, "master_link_status:up") {
				return errors.New("a replica does not follow its primary")
			}
			return err
		})
		Eventually(set.tb, startTimeout, func() error {
			shards, err := client.ClusterShards(ctx).Result()
			if err == nil && len(shards) != primaries {
				err = fmt.Errorf("a node knows %d shards", len(shards))
			}
			for _, shard := range shards {
				if len(shard.Nodes) != 2 {
					err = fmt.Errorf("a node knows %d nodes of a shard", len(shard.Nodes))
				}
			}
			return err
		})
	}
}

func (set *ClusterSet) must(err error) {
	set.tb.Helper()
	if err != nil {
		set.tb.Fatalf("connecttest: cluster: %v", err)
	}
}

// Addrs returns the nodes' addresses.
func (set *ClusterSet) Addrs() []string {
	addrs := make([]string, 0, len(set.Nodes))
	for _, n := range set.Nodes {
		addrs = append(addrs, n.Addr())
	}
	return addrs
}

// URL returns the URL that connect.ParseURL takes. It names one node, from
// which a client finds the others.
func (set *ClusterSet) URL() string { return "redis-cluster://" + set.Nodes[0].Addr() }

// Client returns a plain go-redis client for looking at the cluster from the
// side. It is closed with the test.
func (set *ClusterSet) Client() *redis.ClusterClient {
	c := redis.NewClusterClient(&redis.ClusterOptions{
		Addrs: set.Addrs(), Protocol: 2, DisableIdentity: true, DisableRoutingPolicies: true,
		DialTimeout: patience, ReadTimeout: patience, WriteTimeout: patience,
	})
	set.tb.Cleanup(func() { _ = c.Close() })
	return c
}
