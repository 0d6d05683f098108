package faults_test

import (
	"testing"

	"github.com/pyramidgo/redissessions/internal/connecttest"
	"github.com/pyramidgo/redissessions/session"
)

func byUser(o *session.Options) { o.Users = &session.UserOptions{} }

// Primaries of a cluster are killed, one after the other, while users log in, renew, list
// their sessions and end them. What was acknowledged and replicated stays so: a session
// that was ended does not come back, and one that was logged in is in the index.
func TestUsersClusterFailovers(t *testing.T) {
	t.Parallel()
	forEachDistributed(t, func(t *testing.T, via connection) {
		set := connecttest.Cluster(t)
		set.FailFast()
		h := newHouseholds(t, newSite(t, via.to(set.URL(), brisk), byUser))
		pairs := map[*connecttest.Server]*connecttest.Server{}
		for i := range 3 {
			pairs[set.Nodes[i]] = set.Nodes[3+i]
		}
		for _, primary := range []int{1, 2} {
			h.start()
			h.await(30)
			h.failover(pairs, set.Nodes[primary])
			delete(pairs, set.Nodes[primary])
			h.stop()
			h.audit()
		}
	})
}

// So with the sentinels of one server and its replica.
func TestUsersSentinelFailover(t *testing.T) {
	t.Parallel()
	forEachDistributed(t, func(t *testing.T, via connection) {
		set := connecttest.Sentinels(t)
		set.FailFast(t)
		h := newHouseholds(t, newSite(t, via.to(set.URL(), brisk), byUser))
		h.start()
		h.await(30)
		h.failover(map[*connecttest.Server]*connecttest.Server{set.Primary: set.Replica}, set.Primary)
		h.stop()
		h.audit()
	})
}
