package factory

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/redis/go-redis/v9"
)

// clientLog is where go-redis writes what it otherwise writes to standard error: dials that
// failed and the like, of which the errors of the stores tell too.
type clientLog struct{ logger *slog.Logger }

// Printf implements go-redis's logger.
func (l clientLog) Printf(ctx context.Context, format string, args ...any) {
	if l.logger.Enabled(ctx, slog.LevelDebug) {
		l.logger.DebugContext(ctx, "go-redis: "+fmt.Sprintf(format, args...))
	}
}

// logClient sends go-redis's lines to the factory's logger. go-redis has one logger for
// the whole process, so that of several factories the last one's counts.
func (c *config) logClient() { redis.SetLogger(clientLog{c.logger}) }
