package goredis

import (
	"context"
	"testing"

	"github.com/redis/go-redis/v9"
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
