package goredis_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/pyramidgo/redissessions/connect"
	"github.com/pyramidgo/redissessions/connect/connecttest"
	"github.com/pyramidgo/redissessions/session"
	"github.com/pyramidgo/redissessions/session/sessiontest"
)

func TestStoreSentinel(t *testing.T) {
	t.Parallel()
	set := connecttest.Sentinels(t)
	sessiontest.TestStore(t, connecttest.Harness(set.Primary.Client(), opener(connect.Options{
		Mode:     connect.Sentinel,
		Sentinel: connect.SentinelOptions{Master: set.Master, Addrs: set.Addrs()},
	})))
}

func TestStoreCluster(t *testing.T) {
	t.Parallel()
	set := connecttest.Cluster(t)
	for _, choice := range []connect.AutoPipeline{connect.AutoPipelineOff, connect.AutoPipelineOn} {
		t.Run(choice.String(), func(t *testing.T) {
			open := opener(connect.Options{URL: set.URL(), AutoPipeline: choice})
			sessiontest.TestStore(t, connecttest.Harness(set.Client(), open))
		})
	}
}

// wellAgain waits until records can be written to many keys.
func wellAgain(t *testing.T, store session.Store, what string) {
	t.Helper()
	for i := range 50 {
		connecttest.Eventually(t, time.Minute, func() error {
			return store.Create(t.Context(), fmt.Sprintf("%s %d at %v", what, i, time.Now()), []byte("record"), time.Hour)
		})
	}
}

// The primary dies, the sentinels make the replica the primary, and the store
// finds it.
func TestSentinelFailover(t *testing.T) {
	t.Parallel()
	set := connecttest.SentinelsWithPasswords(t, "of the servers", "of the sentinels")
	store := opener(connect.Options{
		URL:           set.URL(),
		Sentinel:      connect.SentinelOptions{Password: set.SentinelPassword},
		SocketTimeout: time.Second,
	})(t)
	defer func() { _ = store.Close() }()
	wellAgain(t, store, "before")
	set.Primary.Kill()
	wellAgain(t, store, "after")
}

// A primary of a cluster dies, its replica takes over, and the store finds it.
func TestClusterFailover(t *testing.T) {
	t.Parallel()
	set := connecttest.Cluster(t)
	store := opener(connect.Options{URL: set.URL(), SocketTimeout: time.Second})(t)
	defer func() { _ = store.Close() }()
	wellAgain(t, store, "before")
	set.Nodes[1].Kill()
	wellAgain(t, store, "after")
}
