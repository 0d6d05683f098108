package redigo

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/gomodule/redigo/redis"

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
	reply, doubt, err := s.evalIf(ctx, of, &dialect.Replace, key, guard, record, dialect.MillisOrZero(ttl))
	switch {
	case err != nil && !dialect.Repeatable(guard) && outcome(err) == dialect.Lost:
		err = dialect.ErrUnknownOutcome
	case err != nil:
		return s.fault("replace", err)
	default:
		err = s.verdict("replace", reply)
		if doubt {
			err = dialect.Repeat(err, record)
		}
	}
	if errors.Is(err, dialect.ErrUnknownOutcome) {
		return dialect.Connection("redigo: replace", s.place, err)
	}
	return err
}

// removeByScript deletes the record by a script that looks at the guard first. When
// the answer of a try is lost and the next one finds nothing, the first has
// removed the record, and that is a success.
func (s *store) removeByScript(ctx context.Context, key string, guard []byte) error {
	reply, doubt, err := s.eval(ctx, &dialect.Remove, key, guard)
	if err != nil {
		return s.fault("remove", err)
	}
	if doubt && reply == nil {
		return nil
	}
	return s.verdict("remove", reply)
}

// verdict reads what a guarded script answered: 1, nothing, or the record that
// is stored behind one byte that marks it. Any other reply is one to another
// command, and no sign that this one was carried out.
func (s *store) verdict(op string, reply any) error {
	switch v := reply.(type) {
	case int64:
		if v == 1 {
			return nil
		}
	case nil:
		return session.ErrNotFound
	case []byte:
		if len(v) > 0 && v[0] == dialect.Changed {
			return &session.ConflictError{Current: v[1:]}
		}
	}
	return dialect.Garbled("redigo: "+op, s.place)
}

// eval runs a script over one key by its digest, and by its source when the
// server does not have it (any more). The first answer is a refusal, so that
// costs a second round trip but never a second change.
func (s *store) eval(ctx context.Context, script *dialect.Script, key string, args ...any) (any, bool, error) {
	return s.evalIf(ctx, outcome, script, key, args...)
}

// evalIf is eval that sends the script again only as far as of allows.
func (s *store) evalIf(ctx context.Context, of func(error) dialect.Outcome, script *dialect.Script, key string, args ...any) (any, bool, error) {
	words := make([]any, 0, 3+len(args))
	words = append(append(words, script.SHA, "1", key), args...)
	reply, doubt, err := s.doIf(ctx, of, "EVALSHA", words...)
	if refusal, ok := errors.AsType[redis.Error](err); ok && strings.HasPrefix(string(refusal), "NOSCRIPT") {
		words[0] = script.Source
		var doubtAgain bool
		reply, doubtAgain, err = s.doIf(ctx, of, "EVAL", words...)
		doubt = doubt || doubtAgain
	}
	return reply, doubt, err
}
