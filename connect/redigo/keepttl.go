package redigo

import (
	"context"
	"errors"

	"github.com/pyramidgo/redissessions/connect/internal/dialect"
	"github.com/pyramidgo/redissessions/session"
)

var _ session.TTLKeeper = (*store)(nil)

// ReplaceKeepTTL writes the record by a script that looks at the guard first. When the
// answer of a first try was lost and the record has changed, the error is
// dialect.ErrUnknownOutcome.
func (s *store) ReplaceKeepTTL(ctx context.Context, key string, guard, record []byte) error {
	reply, doubt, err := s.eval(ctx, &dialect.ReplaceKeepTTL, key, guard, record)
	if err != nil {
		return s.fault("replace", err)
	}
	err = s.verdict("replace", reply)
	var conflict *session.ConflictError
	if doubt && errors.As(err, &conflict) {
		return dialect.Connection("redigo: replace", s.place, dialect.ErrUnknownOutcome)
	}
	return err
}
