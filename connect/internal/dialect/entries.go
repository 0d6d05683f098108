package dialect

import (
	"bytes"
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/pyramidgo/redissessions/connect"
	"github.com/pyramidgo/redissessions/session"
)

// ReplaceLeaving is session.EntryStore's.
func (g *Guarded) ReplaceLeaving(ctx context.Context, key string, guard, record []byte, ttl time.Duration, e session.Entry) error {
	doubt, err := g.leave(ctx, "replace", Repeats(Repeatable(guard)), &ReplaceLeaving, key, e, guard, record, MillisOrZero(ttl), e.Member)
	if doubt {
		err = Repeat(err, record)
	}
	return g.fault("replace", err)
}

// RemoveLeaving is session.EntryStore's.
func (g *Guarded) RemoveLeaving(ctx context.Context, key string, guard []byte, e session.Entry) error {
	doubt, err := g.leave(ctx, "remove", Ever, &RemoveLeaving, key, e, guard, e.Member)
	if doubt && errors.Is(err, session.ErrNotFound) {
		return nil // a try whose answer was lost has removed it
	}
	return g.fault("remove", err)
}

// runsScripts reports whether scripts are worth a try.
func (g *Guarded) runsScripts() bool {
	return g.choice != connect.GuardedSaveNative && !g.scripting.is(missing)
}

// leave runs a script over a record and the sets that its entry leaves.
func (g *Guarded) leave(ctx context.Context, op string, repeat Repeats, s *Script, key string, e session.Entry, args ...any) (doubt bool, err error) {
	if !g.client.OneServer() || !g.runsScripts() || g.leaving.is(missing) {
		return false, errors.ErrUnsupported
	}
	words := []any{"evalsha", s.SHA, strconv.Itoa(1 + len(e.Sets)), key}
	for _, set := range e.Sets {
		words = append(words, set)
	}
	words = append(words, args...)
	reply, doubt, err := g.client.Command(ctx, repeat, words...)
	if text, ok := g.client.Refusal(err); ok && unknownScript(text) {
		words[0], words[1] = "eval", s.Source
		var again bool
		reply, again, err = g.client.Command(ctx, repeat, words...)
		doubt = doubt || again
	}
	switch {
	case g.refused(err):
		g.leaving.set(false)
		return doubt, errors.ErrUnsupported
	case err != nil:
		return doubt, err
	case reply == nil:
		return doubt, session.ErrNotFound
	}
	return doubt, g.verdict(op, reply)
}

func unknownScript(refusal string) bool { return strings.HasPrefix(refusal, "NOSCRIPT") }

// verdict reads what a guarded script answered that found a record.
func (g *Guarded) verdict(op string, reply []byte) error {
	switch {
	case string(reply) == "1":
		return nil
	case len(reply) > 0 && reply[0] == Changed:
		return conflict(reply[1:])
	default:
		return g.client.Fault(op, ErrGarbled)
	}
}

// CreateEntered is session.EntryStore's. single makes the changes one by one, where the
// server refused one of them.
func (g *Guarded) CreateEntered(
	ctx context.Context, key string, record []byte, ttl time.Duration, e session.Entry, until time.Time, seen session.Epoch, withoutGT bool, single interface {
		session.Store
		session.UserIndex
	},
) (state session.IndexState, created, added error) {
	if !g.client.OneServer() {
		return state, errors.ErrUnsupported, nil
	}
	set := []any{"set", key, record, "nx"}
	if ttl > 0 {
		set = append(set, "px", Millis(ttl))
	}
	byScript := withoutGT || g.WithoutTransactions()
	commands := [][]any{set}
	ends := make([]int, len(e.Sets)) // where each set's EXEC or script is
	for i, key := range e.Sets {
		commands = append(commands, indexAdd(key, e.Member, until, time.Now(), byScript)...)
		ends[i] = len(commands) - 1
	}
	answers, doubt, err := g.client.Batch(ctx, commands)
	if err != nil {
		return state, g.fault("create", err), nil
	}
	refused := answers[0].Refusal != ""
	switch a := answers[0]; {
	case refused:
		created = single.Create(ctx, key, record, ttl)
	case a.Value == nil:
		created = existing(ctx, single, key, record, doubt)
	case !a.is("OK"):
		created = g.client.Fault("create", ErrGarbled)
	}
	if created != nil {
		return state, created, nil
	}
	for i, key := range e.Sets {
		if i > 0 {
			seen = session.AnyEpoch
		}
		s, ok := executed(answers[ends[i]], byScript)
		var err error
		if ok && !refused {
			err = Closed(s, seen)
		} else {
			s, err = single.IndexAdd(ctx, key, e.Member, until, seen)
		}
		added = errors.Join(added, err)
		if i == 0 {
			state = s
		}
	}
	return state, nil, added
}

// existing returns the error of a Create that found a record: none when an earlier try,
// whose answer was lost, has written it.
func existing(ctx context.Context, store session.Store, key string, record []byte, doubt bool) error {
	if !doubt {
		return session.ErrExists
	}
	stored, err := store.Load(ctx, key, 0)
	switch {
	case err == nil && bytes.Equal(stored, record):
		return nil
	case err != nil && !errors.Is(err, session.ErrNotFound):
		return err
	}
	return session.ErrExists
}

// indexAdd returns the commands of session.UserIndex.IndexAdd: a transaction, or a script.
func indexAdd(key string, member []byte, until, now time.Time, byScript bool) [][]any {
	score := Score(until)
	expiry := ExpiryOf(score)
	if byScript {
		return [][]any{indexScript(key, member, score, expiry, Lapsed(now), now)}
	}
	return [][]any{
		{"multi"},
		{"zremrangebyscore", key, "-inf", Lapsed(now)},
		{"zadd", key, "gt", score, member},
		{"pexpireat", key, expiry, "nx"},
		{"pexpireat", key, expiry, "gt"},
		{"zrange", key, 0, -1, "withscores"},
		{"exec"},
	}
}

// executed returns the set that a script has returned, or that the ZRANGE at the end of a
// transaction has read, when all of it was carried out.
func executed(a Answer, byScript bool) (state session.IndexState, ok bool) {
	if a.Refusal != "" {
		return state, false
	}
	if byScript {
		return setOf(a.Value)
	}
	replies, isList := a.Value.([]any)
	if !isList || len(replies) == 0 {
		return state, false
	}
	for _, r := range replies {
		if _, refused := r.(error); refused {
			return state, false
		}
	}
	return setOf(replies[len(replies)-1])
}

// setOf reads what a ZRANGE WITHSCORES answered: members and scores in turn.
func setOf(reply any) (state session.IndexState, ok bool) {
	words, isList := reply.([]any)
	if !isList || len(words)%2 != 0 {
		return state, false
	}
	state.Epoch = session.NoEpoch
	for i := 0; i < len(words); i += 2 {
		score, err := strconv.ParseFloat(text(words[i+1]), 64)
		if err != nil {
			return state, false
		}
		AppendEntry(&state, text(words[i]), score)
	}
	return state, true
}
