package goredis

import (
	"testing"
	"time"

	"github.com/pyramidgo/redissessions/connect"
	"github.com/pyramidgo/redissessions/internal/connecttest"
	"github.com/pyramidgo/redissessions/session"
	"github.com/pyramidgo/redissessions/session/sessiontest"
)

// The commands for servers before Redis 7.0, which refuse PEXPIREAT with NX and GT, keep
// the same rules.
func TestIndexWithoutGT(t *testing.T) {
	t.Parallel()
	srv := connecttest.RedisServer(t)
	sessiontest.TestStore(t, connecttest.Harness(srv.Client(), func(t *testing.T) session.Store {
		s, err := Connect(t.Context(), connect.Options{URL: srv.URL(), DialTimeout: time.Minute, SocketTimeout: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		s.(*store).without.gt.Store(true)
		return s
	}))
}
