package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"

	"github.com/pyramidgo/redissessions/bench/internal/pin"
	"github.com/pyramidgo/redissessions/bench/internal/record"
	"github.com/pyramidgo/redissessions/bench/internal/redisserver"
)

// stage is what one process measures with one server: cells that have in
// common where everything runs.
type stage struct {
	Via    string
	AtOnce int
	Server string // as record.Cell.Server
	Cells  []plannedCell
	Seed   uint64
	Sample time.Duration

	// RedisAddr and ServerCore are filled in when the stage begins.
	RedisAddr  string
	ServerCore int
}

// plannedCell is a cell with how it is to be measured.
type plannedCell struct {
	record.Cell
	Apps    []string
	Rounds  int
	Limit   time.Duration // of all rounds
	Results int
	// Exact asks for allocations and traffic too.
	Exact bool
	// Fill is the application of which Redis is to hold Cell.Sessions sessions.
	Fill string
}

// places are the cores of a stage.
type places struct {
	redis, measurer, server int
}

// placesOf says where everything runs. One request at a time keeps one core
// busy, whoever works on it at the moment, and what is handed from core to core
// only waits for the other to wake up. When many are under way the application
// has a core for itself, as it is the application that is measured.
func placesOf(cores []int, via string, atOnce int) places {
	if len(cores) == 0 {
		return places{pin.Anywhere, pin.Anywhere, pin.Anywhere}
	}
	first, second := cores[0], cores[min(1, len(cores)-1)]
	switch {
	case atOnce == 1:
		return places{redis: first, measurer: first, server: first}
	case via == record.ViaCall:
		return places{redis: second, measurer: first, server: first}
	default:
		return places{redis: second, measurer: second, server: first}
	}
}

// run carries the stage out in a process of its own, which passes each result
// on as soon as it is there.
func (s *stage) run(ctx context.Context, cores []int, emit func([]record.Result)) error {
	at := placesOf(cores, s.Via, s.AtOnce)
	start := redisserver.Start
	if s.Server == record.Valkey {
		start = redisserver.StartValkey
	}
	redis, err := start(ctx, at.redis)
	if err != nil {
		return err
	}
	defer redis.Stop()
	s.RedisAddr, s.ServerCore = redis.Addr, at.server

	return carryOutTask(ctx, at.measurer, "measure", s, emit)
}

// child is this program in another process, given its task as JSON and
// answering in JSON.
type child struct {
	process *pin.Process
	answers *json.Decoder
	stdin   io.Closer
}

// begin starts this program with a command of its own on a core. One core is
// enough work for it to share out: more would only add what it costs to wake
// the others.
func begin(ctx context.Context, core int, command string, task any) (*child, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("bench: %w", err)
	}
	cmd := exec.CommandContext(ctx, self, command)
	cmd.Env = append(os.Environ(), "GOMAXPROCS=1")
	// What a library may print is not to get among the answers.
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("bench: %w", err)
	}
	out, outWriter, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("bench: %w", err)
	}
	cmd.ExtraFiles = []*os.File{outWriter}
	process, err := pin.Start(cmd, core)
	_ = outWriter.Close()
	if err != nil {
		return nil, fmt.Errorf("bench: %s: %w", command, err)
	}
	if err := json.NewEncoder(in).Encode(task); err != nil {
		process.Kill()
		return nil, fmt.Errorf("bench: %s: %w", command, err)
	}
	return &child{process, json.NewDecoder(out), in}, nil
}

// end lets the child end by itself at the end of its input, and then makes
// sure.
func (c *child) end() {
	_ = c.stdin.Close()
	select {
	case <-c.process.Done():
	case <-time.After(5 * time.Second):
		c.process.Kill()
	}
}

// answersFile is where a child answers: the file after the three that every
// program has.
func answersFile() *os.File { return os.NewFile(3, "answers") }

// readTask reads what begin has sent.
func readTask(task any) error {
	if err := json.NewDecoder(os.Stdin).Decode(task); err != nil {
		return fmt.Errorf("bench: this command is for the program itself: %w", err)
	}
	return nil
}
