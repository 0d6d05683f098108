package factory

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pyramidgo/redissessions/connect"
)

// diagnosis is what an operator is told beside a connector's error at start-up: which
// setting is to blame, and what to write there.
type diagnosis struct{ key, advice string }

// diagnose finds out why one of the built-in connectors could not connect. Where the error
// does not tell, it asks the server without TLS and with it, which is what a connector of the
// wrong kind cannot do. It never repeats what the server answers. began is when the connector
// started: a start ends within twice SocketTimeout, the questions included.
func diagnose(given connect.Options, began time.Time, err error) (diagnosis, bool) {
	o, resolveErr := given.Resolve()
	if resolveErr != nil || given.Client != nil {
		return diagnosis{}, false
	}
	text := err.Error()
	place := func(key string) string { // the setting that says where Redis is
		if given.URL != "" {
			return "url"
		}
		return key
	}
	var path *os.PathError
	switch {
	case errors.As(err, &path) && path.Path == o.TLS.CAFile, strings.Contains(text, "the CA file"):
		return diagnosis{"tls_ca_file", "the file cannot be used"}, true
	case errors.As(err, &path) && path.Path == o.TLS.KeyFile:
		return diagnosis{"tls_key_file", "the file cannot be used"}, true
	case strings.Contains(text, "tls: the client certificate"):
		return diagnosis{"tls_cert_file", "the certificate or its key cannot be used"}, true
	case strings.Contains(text, "it connects to one server"):
		return diagnosis{"custom_connect", "write goredis, or leave it out"}, true
	case strings.Contains(text, "DB index"):
		return diagnosis{place("db"), "the server has no database " + strconv.Itoa(o.DB) + ": its own setting databases says how many it has, counted from 0"}, true
	case strings.Contains(text, "cluster support disabled"):
		return diagnosis{place("cluster_addrs"), "that is one server and no cluster; write redis://, or host and port"}, true
	case o.Mode == connect.Sentinel && strings.Contains(text, "unknown command 'sentinel'"):
		return diagnosis{place("sentinel_addrs"), "a Redis server answers there and no Sentinel; write redis:// for one server, or the Sentinels' port"}, true
	case strings.Contains(text, "SELECT is not allowed in cluster mode"):
		return diagnosis{place("db"), "a node of a cluster has database 0 only"}, true
	case o.Mode == connect.Cluster && strings.Contains(text, "does not name the addresses"):
		return diagnosis{place("cluster_addrs"), "set cluster-announce-ip, or cluster-preferred-endpoint-type, on every node"}, true
	}
	if found, ok := diagnoseLogin(given, o, text); ok {
		return found, true
	}
	key, network, addr := address(o)
	if dns := (*net.DNSError)(nil); errors.As(err, &dns) {
		switch {
		case o.Mode == connect.Cluster && dns.Name == "?": // what a node says that has no name to tell
			return diagnosis{place(key), "the cluster does not name the addresses of its nodes: set cluster-announce-hostname on every node, or cluster-preferred-endpoint-type to ip"}, true
		case o.Mode == connect.Cluster && !hasHost(o.ClusterAddrs, dns.Name):
			return diagnosis{place(key), "the cluster names its nodes itself, and this machine finds no host " + strconv.Quote(dns.Name) + ": see cluster-announce-hostname and cluster-preferred-endpoint-type on the nodes"}, true
		case o.Mode == connect.Sentinel && !hasHost(o.Sentinel.Addrs, dns.Name):
			return diagnosis{place(key), "the sentinels name the primary, and this machine finds no host " + strconv.Quote(dns.Name) + ": see sentinel announce-hostnames and replica-announce-ip"}, true
		}
		if dns.IsNotFound {
			return diagnosis{place(key), "no host has that name"}, true
		}
		return diagnosis{place(key), "the name could not be looked up: this machine's name server does not answer"}, true
	}
	left := 2*o.SocketTimeout - time.Since(began)
	switch spoken := protocolAt(network, addr, min(left/2, time.Second)); { // half: to dial, and to read
	case spoken == "HTTP":
		return diagnosis{place(key), "an HTTP server answers at " + addr + "; is that the port of Redis?"}, true
	case spoken == "TLS" && !o.TLS.Enabled:
		return diagnosis{place("tls"), "the server speaks TLS at " + addr + "; write rediss://, or tls = true"}, true
	case spoken == "Redis" && o.TLS.Enabled:
		return diagnosis{place("tls"), "the server speaks Redis without TLS at " + addr + "; write redis:// in place of rediss://, or tls = false"}, true
	}
	return diagnosis{}, false
}

// address returns the first server of the options, and the setting that names it.
func address(o connect.Options) (key, network, addr string) {
	switch {
	case o.Mode == connect.Sentinel:
		return "sentinel_addrs", "tcp", o.Sentinel.Addrs[0]
	case o.Mode == connect.Cluster:
		return "cluster_addrs", "tcp", o.ClusterAddrs[0]
	case o.UnixSocketPath != "":
		return "unix_socket_path", "unix", o.UnixSocketPath
	}
	return "host", "tcp", net.JoinHostPort(o.Host, strconv.Itoa(o.Port))
}

// hasHost reports whether one of the addresses is on the host.
func hasHost(addrs []string, host string) bool {
	return slices.ContainsFunc(addrs, func(addr string) bool {
		name, _, err := net.SplitHostPort(addr)
		return err == nil && strings.EqualFold(strings.TrimSuffix(name, "."), strings.TrimSuffix(host, "."))
	})
}

// protocolAt returns what is spoken at an address: Redis, HTTP, TLS, or "" for something
// else or nothing. It asks without TLS and with it at the same time. Where nothing answers that
// takes up to two timeouts, one to dial and one to read.
func protocolAt(network, addr string, timeout time.Duration) string {
	if timeout <= 0 {
		return ""
	}
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	secure := make(chan bool, 1)
	go func() {
		dialer := tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true}} //nolint:gosec // nothing is sent, and nothing believed
		conn, err := dialer.DialContext(ctx, network, addr)
		if err == nil {
			_ = conn.Close()
		}
		secure <- err == nil
	}()
	switch answer := ask(network, addr, timeout); {
	case isHTTP(answer):
		return "HTTP"
	case isPlain(answer):
		return "Redis"
	case <-secure:
		return "TLS"
	}
	return ""
}

func isHTTP(answer string) bool { return strings.HasPrefix(answer, "HTTP/") }

// isPlain reports whether an answer to a PING without TLS is one of Redis.
func isPlain(answer string) bool {
	return strings.HasPrefix(answer, "+") || strings.HasPrefix(answer, "-")
}

// ask sends a PING without TLS and returns the beginning of what comes back.
func ask(network, addr string, timeout time.Duration) string {
	conn, err := net.DialTimeout(network, addr, timeout)
	if err != nil {
		return ""
	}
	defer conn.Close() //nolint:errcheck // it was only asked
	_ = conn.SetDeadline(time.Now().Add(timeout))
	if _, err := conn.Write([]byte("PING\r\n\r\n")); err != nil {
		return ""
	}
	answer := make([]byte, 5)
	n, _ := conn.Read(answer)
	return string(answer[:n])
}
