// Bench compares this library with others that keep HTTP sessions in Redis.
//
//	go run .             measures, about eight minutes, and prints tables and the goals
//	go run . -quick      about one minute, rough
//	go run . against     compares two recorded runs, and says what has become slower
//	go run . growth      how cost grows with keys, bytes, sessions and writers
//	go run . users       measures the sessions of users: their index, its memory and its time
//	go run . cluster     what requests and sessions cost one Redis and a Cluster of three
//	go run . report      makes docs/performance.md and its plot of the recorded runs
//
// While one makes the library faster, this takes two minutes, over HTTP and one request at a
// time, and measures nothing but it and the bare handler:
//
//	go run . -time 100s -run 'via=http/.*at-once=1/sliding=no/.*app=redissessions$'
//
// and this one route in a quarter of a minute:
//
//	go run . -time 15s -run '^Write/via=http/keys=10/.*at-once=1/sliding=no/app=redissessions$'
//
// It starts its own redis-server. How it measures is told in
// docs/performance.md.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"

	"github.com/pyramidgo/redissessions/bench/internal/measure"
)

// commands are what the first argument may be. Those from "measure" on are what the
// program runs in processes of its own.
var commands = map[string]func(ctx context.Context, args []string) error{
	"compare":         compare,
	"against":         against,
	"growth":          growth,
	"users":           users,
	"cluster":         cluster,
	"report":          writeReport,
	"measure":         measureStage,
	"measure-writers": measureTask[*measure.Writers],
	"measure-users":   measureTask[*measure.Users],
	"measure-cluster": measureTask[*measure.Cluster],
	"serve":           serve,
}

func main() {
	args := os.Args[1:]
	command := commands["compare"]
	if len(args) > 0 && commands[args[0]] != nil {
		command, args = commands[args[0]], args[1:]
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := command(ctx, args)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
