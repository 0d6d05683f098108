package goredis

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/pyramidgo/redissessions/connect"
)

// newSender returns what carries commands when they may share round trips.
func newSender(client redis.UniversalClient, choice connect.AutoPipeline, timeout time.Duration) (sender, error) {
	// MaxFlushDelay stays 0: a command never waits for others to come. Those
	// that come while a batch is under way make the next one.
	pipe, err := client.AsyncAutoPipelineWithOptions(&redis.AutoPipelineOptions{
		MaxBatchSize: maxBatch,
	})
	if choice == connect.AutoPipelineAuto && errors.Is(err, redis.ErrRingAutoPipelineUnsupported) {
		return client, nil
	}
	if err != nil {
		return nil, fmt.Errorf("goredis: auto_pipeline: %w", err)
	}
	together := &together{pipe: pipe, bound: timeout * 3 / 2}
	if choice == connect.AutoPipelineOn {
		return together, nil
	}
	return &adaptive{alone: client, together: together}, nil
}

const (
	// maxBatch is how many commands a batch waits for at most.
	maxBatch = 300
	// manyInFlight is how many commands must be under way for sharing round
	// trips to be worth it. Measured over HTTP, one core for the application and
	// one for Redis, 1 KB, the rate of shared to plain reads: 0.77 at 8 at once
	// (sharing from 4 on), 0.95 at 16 (from 12 on), 1.14 at 32 and 1.12 at 64
	// (from 16 on).
	manyInFlight = 16
	// manyWriters is the same for a command that carries a record or a guard. A
	// script takes Redis longer, so that the round trip matters less: 0.89 at 16
	// at once and 0.96 at 32 (sharing from 12 on), 1.3 at 64 and at 256 (from 32
	// on). From 48 on, those with 64 at once fell behind.
	manyWriters = 32
	// heavyRecord is the size from which on a record is written alone. What its
	// command shares of a round trip is nothing to it, and those that share it
	// would have to wait.
	heavyRecord = 4 << 10
)

// together sends commands in batches with those of other requests.
type together struct {
	pipe *redis.AutoPipeliner
	// bound is how long a command waits for its batch, which may have to wait for
	// the batch before. It is as long as a command that is sent alone may take by its
	// time-outs. Such a command gets no bound: it would need a context with a timer,
	// which takes 5 % of a whole request.
	bound time.Duration
}

// Process waits for the batch that carries the command, or for the end of ctx.
func (t *together) Process(ctx context.Context, cmd redis.Cmder) error {
	ctx, cancel := context.WithTimeout(ctx, t.bound)
	defer cancel()
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
