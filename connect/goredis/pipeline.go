package goredis

import (
	"context"
	"fmt"
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
	// trips to pay off.
	manyInFlight = 24
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
	if a.inFlight.Add(1) > manyInFlight {
		return a.together.Process(ctx, cmd)
	}
	return a.alone.Process(ctx, cmd)
}
