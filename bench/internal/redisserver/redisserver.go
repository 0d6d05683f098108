// Package redisserver starts the redis-server of a measurement.
package redisserver

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/pyramidgo/redissessions/bench/internal/pin"
	"github.com/pyramidgo/redissessions/internal/newer"
)

// Server is a redis-server or a valkey-server of our own, which keeps nothing on disk.
type Server struct {
	// Addr is where it listens, host:port.
	Addr    string
	process *pin.Process
}

// startTimeout is how long the server may take until it answers.
const startTimeout = 10 * time.Second

// Start starts a redis-server on a free port of 127.0.0.1 and on a core, as
// pin.Start does.
func Start(ctx context.Context, core int) (*Server, error) {
	program, err := find()
	if err != nil {
		return nil, err
	}
	return tryPorts(ctx, []string{program}, core)
}

// StartValkey starts, as Start does, the valkey-server that "make servers" has unpacked. It
// has a native compare-and-set.
func StartValkey(ctx context.Context, core int) (*Server, error) {
	command, err := newer.Server("valkey-server")
	if err != nil {
		return nil, err
	}
	return tryPorts(ctx, command, core)
}

// tryPorts starts a server on a free port.
func tryPorts(ctx context.Context, command []string, core int) (*Server, error) {
	for try := 0; ; try++ {
		s, err := start(ctx, command, core, nil)
		// Between finding the port and using it another program may take it.
		if err == nil || try == 5 || !errors.Is(err, errEnded) {
			return s, err
		}
	}
}

// find returns the path of redis-server.
func find() (string, error) {
	program, err := exec.LookPath("redis-server")
	if err != nil {
		return "", errors.New("redisserver: redis-server is not installed; on Debian and Ubuntu: apt-get install redis-server, on macOS: brew install redis")
	}
	return program, nil
}

// errEnded is returned for a server that ends before it answers.
var errEnded = errors.New("redisserver: it ended")

// start starts a server once, with further arguments.
func start(ctx context.Context, command []string, core int, args []string) (*Server, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	all := slices.Concat(command[1:], []string{"--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--daemonize", "no"}, args)
	process, err := pin.Start(exec.Command(command[0], all...), core)
	if err != nil {
		return nil, fmt.Errorf("redisserver: %w", err)
	}
	addr := net.JoinHostPort("127.0.0.1", port)
	s := &Server{Addr: addr, process: process}
	if err := s.ready(ctx); err != nil {
		s.Stop()
		return nil, err
	}
	return s, nil
}

// freePort returns a port on which nothing listens.
func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("redisserver: no free port: %w", err)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	if err := l.Close(); err != nil {
		return "", fmt.Errorf("redisserver: %w", err)
	}
	return port, nil
}

// ready waits until the server answers.
func (s *Server) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		// A plain dial first: go-redis logs those that it fails to make.
		c, err := (&net.Dialer{}).DialContext(ctx, "tcp", s.Addr)
		if err == nil {
			_ = c.Close()
			_, err = s.Version(ctx)
		}
		if err == nil {
			return nil
		}
		select {
		case <-s.process.Done():
			return errEnded
		case <-ctx.Done():
			return fmt.Errorf("redisserver: it does not answer: %w", err)
		case <-tick.C:
		}
	}
}

// Stop ends the server.
func (s *Server) Stop() { s.process.Kill() }

// Version returns the server's version.
func (s *Server) Version(ctx context.Context) (string, error) {
	c := Client(s.Addr)
	defer func() { _ = c.Close() }()
	// Valkey says which version of Redis it equals, too.
	if version, err := infoLine(ctx, c, "server", "valkey_version"); err == nil {
		return version, nil
	}
	return infoLine(ctx, c, "server", "redis_version")
}

// Client returns a plain client for what is done between the samples.
func Client(addr string) *redis.Client {
	return redis.NewClient(&redis.Options{Addr: addr, Protocol: 2, DisableIdentity: true, MinIdleConns: 0, PoolSize: 1, ReadTimeout: time.Minute})
}

// infoLine returns one value of INFO.
func infoLine(ctx context.Context, c *redis.Client, section, name string) (string, error) {
	info, err := c.Info(ctx, section).Result()
	if err != nil {
		return "", fmt.Errorf("redisserver: INFO %s: %w", section, err)
	}
	for line := range strings.Lines(info) {
		if value, ok := strings.CutPrefix(line, name+":"); ok {
			return strings.TrimSpace(value), nil
		}
	}
	return "", fmt.Errorf("redisserver: INFO %s has no %s", section, name)
}
