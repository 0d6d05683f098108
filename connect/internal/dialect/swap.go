package dialect

import (
	"context"
	"crypto/rand"
	"time"

	"github.com/pyramidgo/redissessions/session"
)

const (
	// largestScripted is up to which size a record is an argument of the script Replace,
	// which copies it into Lua and out again. Measured on one core, a guarded save by the
	// script and by Swap, in µs: with Redis 7.0 and 8.0 25 and 24 at 3 kB, 27 and 24 at
	// 4 kB, 39 and 25 at 10 kB, 78 and 35 at 30 kB; with redigo the same within a tenth. A
	// shorter record may share a round trip (auto_pipeline), which is worth more to it.
	largestScripted = 4 << 10
	// beside follows the key in the key of a record beside it. No session has such a key.
	beside = ":next:"
	// besideLife is how long a record stays beside its key, in milliseconds, whose script
	// never came because the connection broke in between.
	besideLife = "5000"
	// maxGone is how many records beside a key may be gone, one after the other, before
	// no more are written. To make room a server drops one now and then. A
	// proxy that keeps the two keys on two servers has none of them.
	maxGone = 10
)

// swap writes a large record beside its key and has the script Swap move it, in one round
// trip. When either command is refused, or the record beside the key has gone, script makes the
// save: that is Replace, whose error names what the server refuses.
//
// When a connection breaks, both commands are sent again with the same key beside, the same
// record and the same guard. A first try that Redis carries out later moves that record too, or
// nothing, because the guard no longer matches.
func (g *Guarded) swap(ctx context.Context, key string, guard, record []byte, ttl time.Duration, script func() error) error {
	if len(record) <= largestScripted || !Repeatable(guard) || ttl == KeepTTL || !g.client.OneServer() || g.swapping.is(missing) {
		return script()
	}
	at := key + beside + rand.Text()
	commands := [][]any{
		{"set", at, record, "px", besideLife},
		{"evalsha", Swap.SHA, "2", key, at, guard, MillisOrZero(ttl)},
	}
	answers, doubt, err := g.runScript(ctx, &Swap, commands)
	if err != nil {
		return err
	}
	written, moved := answers[0], answers[1]
	switch {
	case written.Refusal != "" || moved.Refusal != "" || moved.is("0"):
		g.notSwapped(written.Refusal, moved.Refusal)
		err = script()
	case !written.is("OK"):
		err = ErrGarbled
	case moved.Value == nil:
		err = session.ErrNotFound
	default:
		if err = g.verdict("replace", raw(moved.Value)); err == nil {
			g.gone.Store(0)
			g.swapping.set(true)
		}
	}
	if doubt {
		err = Repeat(err, record)
	}
	return err
}

// notSwapped remembers what the server cannot do. written and moved are the refusals of the two
// commands; both are empty when the record beside the key was gone.
func (g *Guarded) notSwapped(written, moved string) {
	switch {
	case written != "" && Lacks(written), moved != "" && Lacks(moved):
		g.swapping.set(false)
	case written == "" && moved == "" && g.gone.Add(1) == maxGone:
		g.swapping.set(false)
	}
}
