package faults_test

import (
	"fmt"
	"regexp"
	"strconv"
	"testing"

	"github.com/pyramidgo/redissessions/connect"
	"github.com/pyramidgo/redissessions/connect/goredis"
	"github.com/pyramidgo/redissessions/internal/connecttest"
)

// forEachDistributed runs a test for every connector that supports Sentinel and
// Cluster.
func forEachDistributed(t *testing.T, test func(t *testing.T, via connection)) {
	t.Helper()
	for name, via := range map[string]connection{
		"goredis":          {connect: goredis.Connect},
		"goredis together": {goredis.Connect, connect.Options{AutoPipeline: connect.AutoPipelineOn}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, via)
		})
	}
}

// replicated notes what every visitor knows to be saved, and waits until the
// replicas have that. From then on only what comes later may be lost.
func (c *traffic) replicated(pairs map[*connecttest.Server]*connecttest.Server) {
	c.t.Helper()
	known := map[*visitor]int{}
	for _, v := range c.visitors {
		known[v] = v.count()
	}
	awaitReplicas(c.t, pairs)
	c.expectLoss(func(v *visitor) int { return known[v] })
}

// awaitReplicas waits until the replicas have what their primaries have now.
func awaitReplicas(t *testing.T, pairs map[*connecttest.Server]*connecttest.Server) {
	t.Helper()
	for primary, replica := range pairs {
		want, err := replicationOffset(t, primary, "master_repl_offset")
		if err != nil {
			t.Fatal(err)
		}
		connecttest.Eventually(t, soon, func() error {
			got, err := replicationOffset(t, replica, "slave_repl_offset")
			if err == nil && got < want {
				err = fmt.Errorf("the replica is at %d, the primary at %d", got, want)
			}
			return err
		})
	}
}

// replicationOffset reads how far a server is from what it says of itself.
func replicationOffset(t *testing.T, srv *connecttest.Server, field string) (int, error) {
	t.Helper()
	info, err := srv.Client().Info(t.Context(), "replication").Result()
	if err != nil {
		return 0, err
	}
	found := regexp.MustCompile(field + `:(\d+)`).FindStringSubmatch(info)
	if found == nil {
		return 0, fmt.Errorf("there is no %s in %q", field, info)
	}
	return strconv.Atoi(found[1])
}
