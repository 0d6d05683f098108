package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/pyramidgo/redissessions/bench/internal/measure"
	"github.com/pyramidgo/redissessions/bench/internal/record"
	"github.com/pyramidgo/redissessions/bench/internal/redisserver"
	"github.com/pyramidgo/redissessions/bench/internal/report"
)

// users measures the index of users' sessions.
func users(ctx context.Context, args []string) error {
	flags, path := newFlags("bench users")
	quick := flags.Bool("quick", false, "with a fiftieth of the users; the figures are rough")
	if err := parse(flags, args); err != nil {
		return err
	}
	run, err := carryOutUsers(ctx, planUsers(*quick))
	if err != nil {
		return err
	}
	fmt.Print(report.Users(run))
	return keep(run, *path)
}

// planUsers plans 100,000 users with five sessions each, and the operations on a user with
// one device and with many.
func planUsers(quick bool) *measure.Users {
	u := &measure.Users{Users: 100_000, Each: 5, Keys: smallSession, ValueBytes: valueBytes, Devices: []int{1, 5, 20, 100}, Samples: 300}
	if quick {
		u.Users, u.Samples = u.Users/50, 30
	}
	return u
}

// carryOutUsers measures in a process of its own, on one core with Redis.
func carryOutUsers(ctx context.Context, u *measure.Users) (*record.Run, error) {
	run, cores, err := newRun(ctx)
	if err != nil {
		return nil, err
	}
	at := placesOf(cores, record.ViaCall, 1)
	redis, err := redisserver.Start(ctx, at.redis)
	if err != nil {
		return nil, err
	}
	defer redis.Stop()
	u.Redis = redis.Addr
	start := time.Now()
	fmt.Fprintf(os.Stderr, "bench: %d users with %d sessions each are logged in, twice\n", u.Users, u.Each)
	return run, carryOutTask(ctx, at.measurer, "measure-users", u, func(found []record.Result) {
		run.Results = append(run.Results, found...)
		fmt.Fprintf(os.Stderr, "bench: users with %d devices, %v\n", found[0].Devices, time.Since(start).Round(time.Second))
	})
}
