package faults_test

import (
	"net/http"
	"strconv"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/pyramidgo/redissessions/internal/connecttest"
)

// A primary of a cluster is killed, and its replica takes over. What was
// replicated is there, and the visitors whose sessions are elsewhere notice
// nothing.
func TestClusterPrimaryKilled(t *testing.T) {
	t.Parallel()
	forEachDistributed(t, func(t *testing.T, via connection) {
		set := connecttest.Cluster(t)
		set.FailFast()
		c := newTraffic(t, newSite(t, via.to(set.URL(), brisk)))
		defer c.stop()
		c.inject(
			func() {
				c.replicated(map[*connecttest.Server]*connecttest.Server{
					set.Nodes[0]: set.Nodes[3], set.Nodes[1]: set.Nodes[4], set.Nodes[2]: set.Nodes[5],
				})
				set.Nodes[1].Kill()
			},
			func() { c.awaitSeen(http.StatusServiceUnavailable, visitorCount) })
		c.recover(func() {})
	})
}

// The slots of sessions move to another node while the sessions are written.
// No request fails.
func TestClusterSlotsMove(t *testing.T) {
	t.Parallel()
	forEachDistributed(t, func(t *testing.T, via connection) {
		set := connecttest.Cluster(t)
		c := newTraffic(t, newSite(t, via.to(set.URL(), patient)))
		defer c.stop()
		move := newMove(t, set.Nodes[0], set.Nodes[1])
		for _, step := range []func(){move.begin, move.keys, move.end} {
			c.inject(step, func() { c.awaitSeen(http.StatusOK, 50) })
			c.recover(func() {})
			if failed := c.seen(http.StatusServiceUnavailable); failed > 0 {
				t.Errorf("%d requests failed: %q", failed, c.errorTexts())
			}
		}
	})
}

// move takes the slots that hold keys from one node to another, as redis-cli
// --cluster reshard does.
type move struct {
	t            *testing.T
	from, to     *redis.Client
	fromID, toID string
	toPort       string
	slots        []int
}

func newMove(t *testing.T, from, to *connecttest.Server) *move {
	t.Helper()
	m := &move{t: t, from: from.Client(), to: to.Client(), toPort: strconv.Itoa(to.Port)}
	ctx := t.Context()
	m.fromID, m.toID = m.from.Do(ctx, "cluster", "myid").Val().(string), m.to.Do(ctx, "cluster", "myid").Val().(string)
	for slot := range 16384 / 3 { // the first node has the first third
		if n := m.from.ClusterCountKeysInSlot(ctx, slot).Val(); n > 0 {
			m.slots = append(m.slots, slot)
		}
	}
	if t.Logf("%d slots are moved", len(m.slots)); len(m.slots) == 0 {
		t.Fatal("the first node has no sessions")
	}
	return m
}

// begin sends whoever looks for a key that is not here any more to the other
// node.
func (m *move) begin() {
	for _, slot := range m.slots {
		order(m.t, m.to, "cluster", "setslot", slot, "importing", m.fromID)
		order(m.t, m.from, "cluster", "setslot", slot, "migrating", m.toID)
	}
}

func (m *move) keys() {
	for _, slot := range m.slots {
		for _, key := range m.from.ClusterGetKeysInSlot(m.t.Context(), slot, 100).Val() {
			order(m.t, m.from, "migrate", "127.0.0.1", m.toPort, key, 0, soon.Milliseconds())
		}
	}
}

func (m *move) end() {
	for _, slot := range m.slots {
		order(m.t, m.to, "cluster", "setslot", slot, "node", m.toID)
		order(m.t, m.from, "cluster", "setslot", slot, "node", m.toID)
	}
}
