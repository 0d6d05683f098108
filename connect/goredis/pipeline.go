package goredis

import (
	"context"
	"fmt"
	"math"
	"sync/atomic"

	"github.com/redis/go-redis/v9"

	"github.com/pyramidgo/redissessions/connect"
)

// newSender returns what carries commands when they may share round trips.
func newSender(client redis.UniversalClient, choice connect.AutoPipeline) (sender, error) {
	// MaxFlushDelay stays 0: a command never waits for others to come. Those
	// that come while a batch is under way make the next one.
	pipe, err := client.AsyncAutoPipelineWithOptions(&redis.AutoPipelineOptions{
		MaxBatchSize: maxBatch,
	})
	if err != nil {
		return nil, fmt.Errorf("goredis: auto_pipeline: %w", err)
	}
	together := &together{pipe: pipe}
	if choice == connect.AutoPipelineOn {
		return together, nil
	}
	return &adaptive{alone: client, together: together}, nil
}

const (
	// maxBatch is how many commands a batch waits for at most.
	maxBatch = 300
	// manyInFlight is how many commands must be under way for sharing round
	// trips to be worth it. Measured by BenchmarkCrowd on two cores shared with
	// the server, GETEX of 1 KB, rate of shared to plain: 0.6 at 1 under way,
	// 0.8 at 2, 1.1 at 4, 1.7 at 8, 2.0 at 12, 2.8 at 32, 4.4 at 256. Where
	// the handlers do work of their own the two meet at about 16.
	manyInFlight = 12
	// manyWriters is the same for a command that carries a record or a guard. A
	// script takes Redis longer, so that the round trip matters less: the rate
	// for whole requests that write 1 KB is 0.9 at 16 under way, 1.7 at 256
	// (docs/performance.md).
	manyWriters = 48
	// heavyRecord is the size from which on a record is written alone. What its
	// command shares of a round trip is nothing to it, and those that share it
	// would have to wait.
	heavyRecord = 4 << 10
)

// together sends commands in batches with those of other requests.
type together struct{ pipe *redis.AutoPipeliner }

// Process waits for the batch that carries the command, or for the end of ctx.
func (t *together) Process(ctx context.Context, cmd redis.Cmder) error {
	return t.pipe.Submit(ctx, cmd).WaitContext(ctx)
}

// adaptive sends a command alone while few are under way.
type adaptive struct {
	alone    sender
	together sender
	inFlight atomic.Int64
}

// Process counts itself in and chooses.
func (a *adaptive) Process(ctx context.Context, cmd redis.Cmder) error {
	defer a.inFlight.Add(-1)
	if n := a.inFlight.Add(1); n > manyInFlight && n > crowdFor(cmd) {
		return a.together.Process(ctx, cmd)
	}
	return a.alone.Process(ctx, cmd)
}

// crowdFor returns how many commands must be under way for this one to share a
// round trip.
func crowdFor(cmd redis.Cmder) int64 {
	size := 0
	for _, arg := range cmd.Args() {
		if record, ok := arg.([]byte); ok {
			size = max(size, len(record))
		}
	}
	switch {
	case size > heavyRecord:
		return math.MaxInt64
	case size > 0:
		return manyWriters
	default:
		return manyInFlight
	}
}
