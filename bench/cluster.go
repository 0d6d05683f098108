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

// nodes is how many servers the cluster has.
const nodes = 3

// cluster measures what requests and sessions cost one Redis and a Cluster of three.
func cluster(ctx context.Context, args []string) error {
	flags, path := newFlags("bench cluster")
	quick := flags.Bool("quick", false, "with few users and short samples; the figures are rough")
	if err := parse(flags, args); err != nil {
		return err
	}
	run, err := carryOutCluster(ctx, planCluster(*quick))
	if err != nil {
		return err
	}
	fmt.Print(report.Cluster(run))
	return keep(run, *path)
}

// planCluster plans sessions of 1 kB and of 10 kB, 64 requests at once, and 20,000 users with
// three sessions each.
func planCluster(quick bool) *measure.Cluster {
	c := &measure.Cluster{Keys: []int{10, 100}, ValueBytes: valueBytes, AtOnce: 64, Visitors: 1000, Rounds: 3, Sample: 250 * time.Millisecond, Users: 20_000, Each: 3}
	if quick {
		c.Sample, c.Users = c.Sample/5, c.Users/10
	}
	return c
}

// carryOutCluster measures in a process of its own, on one core with all servers. There a
// server runs when the application waits for it, and finds as many requests as there are
// connections, as a server at its limit does; on a core of its own it is woken for each, and
// uses half as much again.
func carryOutCluster(ctx context.Context, c *measure.Cluster) (*record.Run, error) {
	run, cores, err := newRun(ctx)
	if err != nil {
		return nil, err
	}
	at := placesOf(cores, record.ViaCall, 1)
	one, err := redisserver.Start(ctx, at.redis)
	if err != nil {
		return nil, err
	}
	defer one.Stop()
	three, err := redisserver.StartCluster(ctx, at.redis, nodes)
	if err != nil {
		return nil, err
	}
	defer three.Stop()
	c.One, c.Nodes = one.Addr, three.Addrs()
	start := time.Now()
	return run, carryOutTask(ctx, at.measurer, "measure-cluster", c, func(found []record.Result) {
		run.Results = append(run.Results, found...)
		fmt.Fprintf(os.Stderr, "bench: cluster: %s of %d nodes, %v\n", found[0].Route, found[0].Nodes, time.Since(start).Round(time.Second))
	})
}
