package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"

	"github.com/pyramidgo/redissessions/bench/internal/pin"
	"github.com/pyramidgo/redissessions/bench/internal/record"
	"github.com/pyramidgo/redissessions/bench/internal/redisserver"
)

// settings says what a run depends on.
func settings(ctx context.Context, cores []int) ([]record.Setting, error) {
	redis, err := redisserver.Start(ctx, pin.Anywhere)
	if err != nil {
		return nil, err
	}
	defer redis.Stop()
	version, err := redis.Version(ctx)
	if err != nil {
		return nil, err
	}
	list := []record.Setting{
		{Key: "goos", Value: runtime.GOOS},
		{Key: "goarch", Value: runtime.GOARCH},
		{Key: "cpu", Value: processor()},
		{Key: "cores", Value: strconv.Itoa(runtime.NumCPU())},
		{Key: "pinned", Value: map[bool]string{true: "yes", false: "no"}[len(cores) > 0]},
		{Key: "go", Value: runtime.Version()},
		{Key: "redis", Value: version},
	}
	valkey, err := redisserver.StartValkey(ctx, pin.Anywhere)
	if err != nil {
		return list, nil // without one its stage is left out, which says so
	}
	defer valkey.Stop()
	if version, err = valkey.Version(ctx); err != nil {
		return nil, err
	}
	return append(list, record.Setting{Key: "valkey", Value: version}), nil
}

// processor returns the name of the processor where there is an easy way to
// know it.
func processor() string {
	f, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return "unknown"
	}
	defer func() { _ = f.Close() }()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if key, value, _ := strings.Cut(lines.Text(), ":"); strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "unknown"
}

// loadAverage returns how many programs wanted to run in the last minute, or 0
// where there is no easy way to know it.
func loadAverage() float64 {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return 0
	}
	var load float64
	_, _ = fmt.Sscan(string(text), &load)
	return load
}
