package redigo

import (
	"context"

	"github.com/pyramidgo/redissessions/connect/internal/dialect"
	"github.com/pyramidgo/redissessions/session"
)

var _ session.TTLKeeper = (*store)(nil)

// ReplaceKeepTTL is Replace, and the time to live stays as it is.
func (s *store) ReplaceKeepTTL(ctx context.Context, key string, guard, record []byte) error {
	return s.ReplaceRecord(ctx, key, guard, nil, record, dialect.KeepTTL)
}
