package goredis

import (
	"context"
	"errors"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/pyramidgo/redissessions/connect/internal/dialect"
	"github.com/pyramidgo/redissessions/session"
)

// replaceByScript writes the record by a script that looks at the guard first.
//
// When the answer of a try is lost, dialect.Repeatable says whether the script
// may be sent again, and dialect.Repeat what its second answer means.
func (s *store) replaceByScript(ctx context.Context, key string, guard, record []byte, ttl time.Duration) error {
	of := outcome
	if !dialect.Repeatable(guard) {
		of = unrepeatable
	}
	cmd, doubt, err := s.evalIf(ctx, of, &dialect.Replace, key, guard, record, dialect.MillisOrZero(ttl))
	switch {
	case err != nil && !dialect.Repeatable(guard) && outcome(err) == dialect.Lost:
		err = dialect.ErrUnknownOutcome
	case err != nil:
		return s.fault("replace", err)
	default:
		err = s.verdict("replace", cmd)
		if doubt {
			err = dialect.Repeat(err, record)
		}
	}
	if errors.Is(err, dialect.ErrUnknownOutcome) {
		return dialect.Connection("goredis: replace", s.place, err)
	}
	return err
}

// removeByScript deletes the record by a script that looks at the guard first. When
// the answer of a try is lost and the next one finds nothing, the first has
// removed the record, and that is a success.
func (s *store) removeByScript(ctx context.Context, key string, guard []byte) error {
	cmd, doubt, err := s.eval(ctx, &dialect.Remove, key, guard)
	if doubt && absent(err) {
		return nil
	}
	if err != nil {
		return s.fault("remove", err)
	}
	return s.verdict("remove", cmd)
}

// verdict reads what a guarded script answered: 1, or the record that is
// stored behind one byte that marks it. Any other reply is one to another
// command, and no sign that this one was carried out.
func (s *store) verdict(op string, cmd *redis.StringCmd) error {
	b, err := cmd.Bytes()
	switch {
	case err != nil:
		return err
	case string(b) == "1":
		return nil
	case len(b) > 0 && b[0] == dialect.Changed:
		return &session.ConflictError{Current: b[1:]}
	default:
		return dialect.Garbled("goredis: "+op, s.place)
	}
}

// eval runs a script over one key by its digest, and by its source when the
// server does not have it (any more). The first answer is a refusal, so that
// costs a second round trip but never a second change.
func (s *store) eval(ctx context.Context, script *dialect.Script, key string, args ...any) (*redis.StringCmd, bool, error) {
	return s.evalIf(ctx, outcome, script, key, args...)
}

// evalIf is eval that sends the script again only as far as of allows.
func (s *store) evalIf(ctx context.Context, of func(error) dialect.Outcome, script *dialect.Script, key string, args ...any) (*redis.StringCmd, bool, error) {
	words := make([]any, 0, 4+len(args))
	words = append(append(words, "evalsha", script.SHA, "1", key), args...)
	cmd := redis.NewStringCmd(ctx, words...)
	doubt, err := s.runIf(ctx, of, cmd)
	if err != nil && redis.HasErrorPrefix(err, "NOSCRIPT") {
		words[0], words[1] = "eval", script.Source
		cmd = redis.NewStringCmd(ctx, words...)
		var doubtAgain bool
		doubtAgain, err = s.runIf(ctx, of, cmd)
		doubt = doubt || doubtAgain
	}
	return cmd, doubt, err
}
