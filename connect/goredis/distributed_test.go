package goredis_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/pyramidgo/redissessions/connect"
	"github.com/pyramidgo/redissessions/connect/goredis"
	"github.com/pyramidgo/redissessions/internal/connecttest"
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

// Sentinels that know no primary of the name answer as Redis does when it has
// no record. That must not look like a session that has ended.
func TestSentinelUnknownName(t *testing.T) {
	t.Parallel()
	set := connecttest.Sentinels(t)
	o := connect.Options{
		Mode:     connect.Sentinel,
		Sentinel: connect.SentinelOptions{Master: "another", Addrs: set.Addrs()},
	}
	if _, err := goredis.Connect(t.Context(), o); err == nil || !strings.Contains(err.Error(), "sentinel_master") {
		t.Errorf("Connect: %v, want it to name sentinel_master", err)
	}
	o.LazyConnect = true
	store := opener(o)(t)
	defer func() { _ = store.Close() }()
	_, err := store.Load(t.Context(), "k", 0)
	if errors.Is(err, session.ErrNotFound) || !errors.Is(err, session.ErrUnavailable) {
		t.Errorf("Load: %v, want ErrUnavailable", err)
	}
	_, _, err = store.(session.TTLLoader).LoadTTL(t.Context(), "k")
	if errors.Is(err, session.ErrNotFound) || !errors.Is(err, session.ErrUnavailable) {
		t.Errorf("LoadTTL: %v, want ErrUnavailable", err)
	}
}

func TestStoreCluster(t *testing.T) {
	t.Parallel()
	set := connecttest.Cluster(t)
	for _, choice := range []connect.AutoPipeline{connect.AutoPipelineAuto, connect.AutoPipelineOff, connect.AutoPipelineOn} {
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
	set.FailFast(t)
	store := opener(connect.Options{
		URL:           set.URL(),
		Sentinel:      connect.SentinelOptions{Password: set.SentinelPassword},
		SocketTimeout: time.Second,
		LazyConnect:   true, // wellAgain tries again where the start would not
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
	set.FailFast()
	store := opener(connect.Options{URL: set.URL(), SocketTimeout: time.Second, LazyConnect: true})(t)
	defer func() { _ = store.Close() }()
	wellAgain(t, store, "before")
	set.Nodes[1].Kill()
	wellAgain(t, store, "after")
}
