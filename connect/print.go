package connect

import (
	"fmt"
	"io"
	"log/slog"
	"net"
	"strconv"
	"strings"
)

// String returns the place that the options name, for logs and errors:
// "redis at localhost:6379". It never holds a user name or a password.
func (o Options) String() string {
	if o.Client != nil {
		return "redis behind the given client"
	}
	if o.URL != "" {
		parsed, err := o.resolveURL()
		if err != nil {
			return "redis at a URL that cannot be read"
		}
		o = parsed
	}
	switch o.Mode {
	case Sentinel:
		return fmt.Sprintf("redis primary %q of the sentinels at %s", o.Sentinel.Master, strings.Join(o.Sentinel.Addrs, ", "))
	case Cluster:
		return "redis cluster at " + strings.Join(o.ClusterAddrs, ", ")
	case Embedded:
		return strings.TrimSpace("embedded redis " + o.EmbeddedName)
	case Single:
	}
	if o.UnixSocketPath != "" {
		return "redis at " + o.UnixSocketPath
	}
	return "redis at " + o.address()
}

// address returns host:port of a single server, with the defaults filled in.
func (o Options) address() string {
	host, port := o.Host, o.Port
	if host == "" {
		host = DefaultHost
	}
	if port == 0 {
		port = DefaultPort
	}
	return net.JoinHostPort(host, strconv.Itoa(port))
}

// Format prints what String returns, whatever the verb: %+v and %#v would
// otherwise show the password.
func (o Options) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, o.String()) }

// LogValue is what log/slog shows.
func (o Options) LogValue() slog.Value { return slog.StringValue(o.String()) }

// MarshalText is what encoding/json and its like show.
func (o Options) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// String returns the primary's name and the sentinels' addresses, never a
// password.
func (s SentinelOptions) String() string {
	return Options{Mode: Sentinel, Sentinel: s}.String()
}

// Format prints what String returns, whatever the verb.
func (s SentinelOptions) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// LogValue is what log/slog shows.
func (s SentinelOptions) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText is what encoding/json and its like show.
func (s SentinelOptions) MarshalText() ([]byte, error) { return []byte(s.String()), nil }
