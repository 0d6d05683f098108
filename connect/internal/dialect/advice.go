package dialect

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"
)

// Advised adds to the error of a start what to check, unless it says so already.
func Advised(fault, cause error) error {
	advice := Advice(cause)
	if strings.Contains(fault.Error(), advice) {
		return fault
	}
	return fmt.Errorf("%w: %s", fault, advice)
}

// Advice returns what to check when a connector could not connect at start-up.
func Advice(err error) string {
	var (
		dns     *net.DNSError
		unknown x509.UnknownAuthorityError
		name    x509.HostnameError
		invalid x509.CertificateInvalidError
		record  tls.RecordHeaderError
		timeout interface{ Timeout() bool }
	)
	text := err.Error()
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return "nothing listens there; is Redis running, and are the host and port right?"
	case errors.Is(err, syscall.ENOENT):
		return "there is no such socket; is Redis running, and is its unixsocket setting the same path?"
	case errors.Is(err, syscall.EACCES):
		return "this user may not open the socket; check Redis's unixsocketperm setting"
	case errors.As(err, &dns) && !dns.IsNotFound:
		return "the host's name could not be looked up; does this machine have a name server?"
	case errors.As(err, &dns):
		return "the host's name is not known; check it for a typing mistake"
	case errors.As(err, &unknown):
		return "the server's certificate is signed by nobody that is trusted; set tls_ca_file"
	case errors.As(err, &name):
		return "the server's certificate is for another name; check the host, or set tls_server_name"
	case errors.As(err, &invalid):
		return "the server's certificate is not valid"
	case errors.As(err, &record):
		return "the server does not speak TLS there; use redis:// and tls = false, or its TLS port"
	case strings.Contains(text, "remote error: tls: "):
		return "the server refused this client's TLS; does it want tls_cert_file and tls_key_file?"
	case strings.Contains(text, "NOAUTH "):
		return "the server wants a password; set password, and username if it has several users (sentinel_password for sentinels)"
	case strings.Contains(text, "WRONGPASS "), strings.Contains(text, "ERR invalid password"), strings.Contains(text, "ERR AUTH "):
		return "the server refused the user name or the password"
	case strings.Contains(text, "NOPERM "):
		return "the user needs the commands GET, GETEX, SET, PTTL, PEXPIRE, PERSIST, EXISTS, GETRANGE, UNLINK, EVAL, EVALSHA and PING, with user_sessions also ZADD, ZREM, ZRANGE, ZREMRANGEBYSCORE, PEXPIREAT, MULTI and EXEC, and the keys under the prefix"
	case strings.Contains(text, "DB index"):
		return "the server has no database of that number"
	case strings.Contains(text, "LOADING "):
		return "the server is reading its data from disk; wait, or set lazy_connect"
	case errors.As(err, &timeout) && timeout.Timeout(), errors.Is(err, os.ErrDeadlineExceeded):
		return "no answer in time; check the address, a firewall, and whether both sides speak TLS or neither does"
	default:
		return "check the address, and whether the server expects TLS, or a client certificate (tls_cert_file)"
	}
}
