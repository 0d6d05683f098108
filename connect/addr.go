package connect

import (
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// splitAddrs reads a list of addresses separated by commas and returns each as
// host:port.
func splitAddrs(list string, defaultPort int) ([]string, error) {
	return joinAddrs(strings.Split(list, ","), defaultPort)
}

// joinAddrs returns each address as host:port.
func joinAddrs(list []string, defaultPort int) ([]string, error) {
	addrs := make([]string, 0, len(list))
	for _, s := range list {
		host, port, err := splitAddr(strings.TrimSpace(s), defaultPort)
		if err != nil {
			return nil, err
		}
		addrs = append(addrs, net.JoinHostPort(host, strconv.Itoa(port)))
	}
	return addrs, nil
}

// splitAddr reads host, host:port, [ipv6] or [ipv6]:port. An empty host is
// localhost.
func splitAddr(s string, defaultPort int) (host string, port int, err error) {
	rest := ""
	if inner, ok := strings.CutPrefix(s, "["); ok {
		if inner, rest, ok = strings.Cut(inner, "]"); !ok {
			return "", 0, errBadHost
		}
		// A zone may be written %25eth0, as RFC 6874 asks, or %eth0.
		if host, err = url.PathUnescape(inner); err != nil {
			host = inner
		}
		if ip, err := netip.ParseAddr(host); err != nil || !ip.Is6() {
			return "", 0, errBadHost
		}
	} else {
		host = s
		if i := strings.IndexByte(s, ':'); i >= 0 {
			host, rest = s[:i], s[i:]
		}
		if !isHostname(host) {
			return "", 0, errBadHost
		}
		if host == "" {
			host = DefaultHost
		}
	}

	digits, ok := strings.CutPrefix(rest, ":")
	if !ok && rest != "" {
		return "", 0, errBadHost
	}
	if digits == "" {
		return host, defaultPort, nil
	}
	n, err := strconv.ParseUint(digits, 10, 16)
	if err != nil || n == 0 {
		return "", 0, errBadHost
	}
	return host, int(n), nil
}

// isHostname reports whether s has only the bytes of host names, also
// international ones, and IPv4 addresses. The underscore is in no standard and
// in many a compose file.
func isHostname(s string) bool {
	for _, c := range []byte(s) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case c == '-', c == '.', c == '_', c >= 0x80:
		default:
			return false
		}
	}
	return true
}
