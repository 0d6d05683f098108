package connect_test

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/pyramidgo/redissessions/connect"
	"github.com/pyramidgo/redissessions/connect/goredis"
	"github.com/pyramidgo/redissessions/internal/connecttest"
	"github.com/pyramidgo/redissessions/session"
)

// leastUser makes a server know the user that docs/reliability.md describes,
// with further rules.
func leastUser(t *testing.T, srv *connecttest.Server, more ...any) {
	t.Helper()
	page, err := os.ReadFile("../docs/reliability.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(page), "\nuser web on ")
	rules, _, _ := strings.Cut(rest, "\n")
	if !found {
		t.Fatal("docs/reliability.md has no line that begins with: user web on")
	}
	words := []any{"acl", "setuser", "web", "on"}
	for _, rule := range strings.Fields(rules) {
		words = append(words, rule)
	}
	if err := srv.Client().Do(t.Context(), append(words, more...)...).Err(); err != nil {
		t.Fatal(err)
	}
}

// That user can do all that sessions need.
func TestLeastACL(t *testing.T) {
	t.Parallel()
	srv := connecttest.RedisServer(t)
	leastUser(t, srv)
	forEach(t, func(t *testing.T, f connect.Func) {
		store := open(t, f, connect.Options{URL: "redis://web:a-long-password@" + srv.Addr()})
		ctx, key := t.Context(), "session:"+t.Name()
		guard, record := []byte("rev1"), []byte("rev1 record")
		for name, call := range map[string]func() error{
			"Load":                func() error { _, err := store.Load(ctx, key, 0); return err },
			"Load and restart":    func() error { _, err := store.Load(ctx, key, time.Hour); return err },
			"LoadTTL":             func() error { _, _, err := store.(session.TTLLoader).LoadTTL(ctx, key); return err },
			"Replace":             func() error { return store.Replace(ctx, key, guard, record, time.Hour) },
			"Replace for ever":    func() error { return store.Replace(ctx, key, nil, record, 0) },
			"Expire":              func() error { return store.Expire(ctx, key, time.Hour) },
			"ExpireGuarded":       func() error { return store.(session.GuardedExpirer).ExpireGuarded(ctx, key, guard, time.Hour) },
			"Expire at no time":   func() error { return store.Expire(ctx, key, 0) },
			"Remove":              func() error { return store.Remove(ctx, key, guard) },
			"Remove, any of them": func() error { return store.Remove(ctx, key, nil) },
			"Delete":              func() error { return store.Delete(ctx, key) },
			"IndexAdd": func() error {
				_, err := store.(session.UserIndex).IndexAdd(ctx, key+":set", guard, time.Now().Add(time.Hour), session.AnyEpoch)
				return err
			},
			"IndexClose": func() error {
				_, err := store.(session.UserIndex).IndexClose(ctx, key+":set", session.FirstEpoch, time.Hour)
				return err
			},
			"IndexList":   func() error { _, err := store.(session.UserIndex).IndexList(ctx, key+":set"); return err },
			"IndexRemove": func() error { return store.(session.UserIndex).IndexRemove(ctx, key+":set", guard) },
		} {
			if err := store.Delete(ctx, key); err != nil {
				t.Fatal(err)
			}
			if err := store.Create(ctx, key, record, time.Hour); err != nil {
				t.Fatal(err)
			}
			if err := call(); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

func TestLeastACLCluster(t *testing.T) {
	t.Parallel()
	set := connecttest.Cluster(t)
	for _, node := range set.Nodes {
		leastUser(t, node, "+cluster|slots", "+asking")
	}
	store := open(t, goredis.Connect, connect.Options{URL: "redis-cluster://web:a-long-password@" + set.Nodes[0].Addr()})
	for i := range 30 {
		if err := store.Create(t.Context(), fmt.Sprintf("session:%d", i), []byte("record"), time.Hour); err != nil {
			t.Error(err)
		}
	}
}

// A user with the commands about sorted sets and no transactions can do all that sessions by user
// need: scripts stand in for the transactions, also without a look at the start.
func TestLeastACLWithoutTransactions(t *testing.T) {
	t.Parallel()
	srv := connecttest.RedisServer(t)
	leastUser(t, srv, "-multi", "-exec", "+zrangebyscore", "+zcard", "+zscore")
	for _, lazy := range []bool{false, true} {
		forEach(t, func(t *testing.T, f connect.Func) {
			store := open(t, f, connect.Options{URL: "redis://web:a-long-password@" + srv.Addr(), LazyConnect: lazy, Needs: connect.Needs{Users: true}})
			useIndex(t, store)
		})
	}
}

func TestLeastACLWithoutTransactionsCluster(t *testing.T) {
	t.Parallel()
	set := connecttest.Cluster(t)
	for _, node := range set.Nodes {
		leastUser(t, node, "+cluster|slots", "+asking", "-multi", "-exec", "+zscore")
	}
	for range 3 {
		useIndex(t, open(t, goredis.Connect, connect.Options{URL: "redis-cluster://web:a-long-password@" + set.Nodes[0].Addr(), Needs: connect.Needs{Users: true}}))
	}
}

// useIndex uses all of a store's session.UserIndex and session.EntryStore.
func useIndex(t *testing.T, store session.Store) {
	t.Helper()
	ctx, index, entered := t.Context(), store.(session.UserIndex), store.(session.EntryStore)
	key, now := "session:"+rand.Text(), time.Now().Truncate(time.Millisecond)
	set, record := key+":set", []byte("rev1 record")
	check := func(what string, state session.IndexState, err error, epoch session.Epoch, members int) {
		t.Helper()
		if err != nil || state.Epoch != epoch || len(state.Entries) != members {
			t.Errorf("%s: %v, epoch %d, %d members", what, err, state.Epoch, len(state.Entries))
		}
	}
	for i := range 3 {
		state, err := index.IndexAdd(ctx, set, []byte{byte(i)}, now.Add(time.Hour), session.AnyEpoch)
		check("IndexAdd", state, err, session.NoEpoch, i+1)
	}
	e := session.Entry{Sets: []string{set, set + "2"}, Member: []byte("member")}
	state, created, added := entered.CreateEntered(ctx, key, record, time.Hour, e, now.Add(2*time.Hour), session.NoEpoch)
	if errors.Is(created, errors.ErrUnsupported) { // on a Cluster
		state, added = index.IndexAdd(ctx, set, e.Member, now.Add(2*time.Hour), session.NoEpoch)
		created = store.Create(ctx, key, record, time.Hour)
	}
	check("CreateEntered", state, errors.Join(created, added), session.NoEpoch, 4)
	state, err := index.IndexClose(ctx, set, session.FirstEpoch+1, time.Minute)
	check("IndexClose", state, err, session.FirstEpoch+1, 4)
	if err := store.(session.IndexShortener).IndexShorten(ctx, set, time.Minute); err != nil {
		t.Errorf("IndexShorten: %v", err)
	}
	if _, err := index.IndexAdd(ctx, set, e.Member, now.Add(time.Hour), session.NoEpoch); !errors.Is(err, session.ErrEnded) {
		t.Errorf("IndexAdd with an old epoch: %v", err)
	}
	if err := entered.RemoveLeaving(ctx, key, []byte("rev1"), e); err != nil && !errors.Is(err, errors.ErrUnsupported) {
		t.Error(err)
	}
	state, err = index.IndexList(ctx, set)
	if err = errors.Join(err, index.IndexRemove(ctx, set, e.Member)); err != nil || len(state.Entries) < 3 {
		t.Errorf("IndexList: %v, %v", state, err)
	}
}
