package goredis

import (
	"context"
	"errors"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/pyramidgo/redissessions/connect"
	"github.com/pyramidgo/redissessions/internal/connecttest"
)

// noting is a sender that notes how often it was chosen.
type noting struct{ commands int }

func (n *noting) Process(context.Context, redis.Cmder) error {
	n.commands++
	return nil
}

func TestAdaptiveChooses(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	read := redis.NewStringCmd(ctx, "getex", "k", "px", 1000)
	write := func(bytes int) redis.Cmder {
		return redis.NewStringCmd(ctx, "evalsha", "digest", "1", "k", []byte("guard"), make([]byte, bytes), 1000)
	}
	for _, c := range []struct {
		what     string
		others   int64
		cmd      redis.Cmder
		together bool
	}{
		{"a read alone", 0, read, false},
		{"a read among a few", manyInFlight - 1, read, false},
		{"a read among many", manyInFlight, read, true},
		{"a write among many readers", manyWriters - 1, write(1000), false},
		{"a write among many", manyWriters, write(1000), true},
		{"a large write among many", 1000, write(heavyRecord + 1), false},
	} {
		alone, together := &noting{}, &noting{}
		a := &adaptive{alone: alone, together: together}
		a.inFlight.Store(c.others)
		if err := a.Process(ctx, c.cmd); err != nil {
			t.Error(err)
		}
		if (together.commands == 1) != c.together || alone.commands+together.commands != 1 {
			t.Errorf("%s: %d times together, %d alone", c.what, together.commands, alone.commands)
		}
		if n := a.inFlight.Load(); n != c.others {
			t.Errorf("%s: %d under way afterwards", c.what, n)
		}
	}
}

// A client that cannot let commands share is used as it is, unless that was asked for.
func TestRingHasNoAutoPipeline(t *testing.T) {
	t.Parallel()
	ring := redis.NewRing(&redis.RingOptions{Addrs: map[string]string{"one": connecttest.Miniredis(t).Addr()}})
	t.Cleanup(func() { _ = ring.Close() })
	s, err := Connect(t.Context(), connect.Options{Client: ring})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Create(t.Context(), "k", []byte("record"), 0); err != nil {
		t.Error(err)
	}
	_, err = Connect(t.Context(), connect.Options{Client: ring, AutoPipeline: connect.AutoPipelineOn})
	if !errors.Is(err, redis.ErrRingAutoPipelineUnsupported) {
		t.Errorf("got %v, want %v", err, redis.ErrRingAutoPipelineUnsupported)
	}
}

// Options that say nothing let commands share while many are under way.
func TestAutoPipelineIsTheDefault(t *testing.T) {
	t.Parallel()
	s, err := Connect(t.Context(), connect.Options{URL: "redis://" + connecttest.Miniredis(t).Addr()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	if sender, ok := s.(*store).send.(*adaptive); !ok {
		t.Errorf("commands are sent by a %T", sender)
	}
}
