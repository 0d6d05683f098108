package connecttest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// Server is a redis-server or a valkey-server that a test has started.
type Server struct {
	tb         testing.TB
	process    *process
	dir        string
	args       []string
	isSentinel bool
	program    []string // with its first arguments

	// Port is where it listens on 127.0.0.1, or 0 for a unix socket.
	Port int
	// SocketPath is where its unix socket is, or "".
	SocketPath string
	// Username and Password are what it asks for, or "".
	Username, Password string
	// TLS has the files with which to connect, or nil when it does not use TLS.
	TLS *Certificates
}

// RedisServer starts a redis-server on a free port of 127.0.0.1. It keeps
// nothing on disk. Further arguments are settings, as in redis.conf:
// "maxmemory 2mb".
func RedisServer(tb testing.TB, settings ...string) *Server {
	tb.Helper()
	return launch(tb, &Server{}, settings)
}

// RedisServerUnix starts a redis-server that listens on a unix socket only.
func RedisServerUnix(tb testing.TB, settings ...string) *Server {
	tb.Helper()
	// The path of a socket may have about 100 bytes; that of a test's directory
	// holds the test's name, so it is not used here.
	dir, err := os.MkdirTemp("", "redis")
	if err != nil {
		tb.Fatalf("connecttest: %v", err)
	}
	tb.Cleanup(func() { _ = os.RemoveAll(dir) })
	return launch(tb, &Server{SocketPath: filepath.Join(dir, "redis.sock")}, settings)
}

// RedisServerTLS starts a redis-server that speaks TLS only and asks for a
// client certificate. The certificates are made for the test.
func RedisServerTLS(tb testing.TB, settings ...string) *Server {
	tb.Helper()
	return launch(tb, &Server{TLS: makeCertificates(tb)}, settings)
}

// RedisServerUser starts a redis-server with one user, who has a password and
// may use every command and key. The default user is off.
func RedisServerUser(tb testing.TB, username, password string, settings ...string) *Server {
	tb.Helper()
	acl := "user " + username + " on >" + password + " ~* &* +@all"
	return launch(tb, &Server{Username: username, Password: password},
		append([]string{"user default off", acl}, settings...))
}

// launch starts s, on another port when the one it found was taken meanwhile.
func launch(tb testing.TB, s *Server, settings []string) *Server {
	tb.Helper()
	if s.program == nil {
		s.program = []string{require(tb, "redis-server")}
	}
	for try := 0; ; try++ {
		s.tb, s.dir = tb, tb.TempDir()
		if s.SocketPath == "" {
			s.Port = freePort(tb, settings)
		}
		s.args = slices.Concat(s.program[1:], writeConfig(tb, s.dir, append(s.settings(), settings...)))
		if s.isSentinel {
			s.args = append(s.args, "--sentinel")
		}
		s.process = start(tb, s.dir, s.program[0], s.args...)
		err := ready(s.process, s.ping)
		if err == nil {
			return s
		}
		if out := s.process.output(); !errors.Is(err, errEnded) || !strings.Contains(out, "bind") || try == 5 {
			tb.Fatalf("connecttest: %s: %v\n%s", s.program[len(s.program)-1], err, out)
		}
	}
}

// settings are those that make a server small, quiet and private.
func (s *Server) settings() []string {
	list := []string{`save ""`, "appendonly no", "daemonize no", "bind 127.0.0.1", "repl-diskless-sync-delay 0"}
	switch {
	case s.SocketPath != "":
		list = append(list, "port 0", "unixsocket "+s.SocketPath, "unixsocketperm 700")
	case s.TLS != nil:
		list = append(list, "port 0", "tls-port "+strconv.Itoa(s.Port), "tls-auth-clients yes",
			"tls-cert-file "+s.TLS.ServerCertFile, "tls-key-file "+s.TLS.ServerKeyFile, "tls-ca-cert-file "+s.TLS.CAFile)
	default:
		list = append(list, "port "+strconv.Itoa(s.Port))
	}
	return list
}

// writeConfig writes a server's settings and returns the arguments to start it
// with. Sentinels and nodes of a cluster rewrite their file.
func writeConfig(tb testing.TB, dir string, settings []string) []string {
	tb.Helper()
	path := filepath.Join(dir, "redis.conf")
	if err := os.WriteFile(path, []byte(strings.Join(settings, "\n")+"\n"), 0o600); err != nil {
		tb.Fatalf("connecttest: %v", err)
	}
	return []string{path}
}

// Addr returns host:port, or the path of the unix socket.
func (s *Server) Addr() string {
	if s.SocketPath != "" {
		return s.SocketPath
	}
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(s.Port))
}

// URL returns the URL that connect.ParseURL takes, with the user and password.
func (s *Server) URL() string {
	u := url.URL{Scheme: "redis", Host: s.Addr()}
	if s.Password != "" {
		u.User = url.UserPassword(s.Username, s.Password)
	}
	switch {
	case s.SocketPath != "":
		u.Scheme, u.Host, u.Path = "unix", "", s.SocketPath
	case s.TLS != nil:
		u.Scheme = "rediss"
	}
	return u.String()
}

// Client returns a plain go-redis client for looking at the server from the
// side. It is closed with the test.
func (s *Server) Client() *redis.Client {
	c := redis.NewClient(s.clientOptions())
	s.tb.Cleanup(func() { _ = c.Close() })
	return c
}

// patience is how long a look from the side may take: a busy machine's server is slow, and
// what it answers is the same.
const patience = time.Minute

func (s *Server) clientOptions() *redis.Options {
	o := &redis.Options{
		Addr: s.Addr(), Username: s.Username, Password: s.Password,
		DisableIdentity: true, Protocol: 2, ContextTimeoutEnabled: true,
		DialTimeout: patience, ReadTimeout: patience, WriteTimeout: patience,
	}
	if s.SocketPath != "" {
		o.Network = "unix"
	}
	if s.TLS != nil {
		o.TLSConfig = s.TLS.client
	}
	return o
}

// ping asks once whether the server is ready, over a connection of its own.
func (s *Server) ping(ctx context.Context) error {
	o := s.clientOptions()
	o.MaxRetries, o.DialerRetries = -1, 1
	network := "tcp"
	if s.SocketPath != "" {
		network = "unix"
	}
	// A dial that go-redis fails to make is logged; this one is expected to
	// fail a few times.
	var d net.Dialer
	c, err := d.DialContext(ctx, network, s.Addr())
	if err != nil {
		return err
	}
	_ = c.Close()

	client := redis.NewClient(o)
	defer func() { _ = client.Close() }()
	if err := client.Ping(ctx).Err(); err != nil {
		return err
	}
	// On a port that was taken meanwhile somebody else's server answers, until
	// this one has found out and ended.
	info, err := client.Info(ctx, "server").Result()
	if id := fmt.Sprintf("process_id:%d\r\n", s.process.cmd.Process.Pid); err == nil && !strings.Contains(info, id) {
		err = fmt.Errorf("another server answers at %s", s.Addr())
	}
	return err
}

// Kill ends the server at once, as a power cut would.
func (s *Server) Kill() { s.process.kill() }

// Restart kills the server and starts it again, empty, at the same address.
func (s *Server) Restart() {
	s.tb.Helper()
	s.process.kill()
	s.process = start(s.tb, s.dir, s.program[0], s.args...)
	if err := ready(s.process, s.ping); err != nil {
		s.tb.Fatalf("connecttest: restart: %v\n%s", err, s.process.output())
	}
}

// String returns where the server is.
func (s *Server) String() string { return fmt.Sprintf("redis-server at %s", s.Addr()) }
