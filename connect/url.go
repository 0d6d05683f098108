package connect

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// schemes are the URL schemes in the order in which errors list them.
var schemes = []string{
	"redis", "rediss", "unix", "redis-sentinel", "rediss-sentinel",
	"redis-cluster", "rediss-cluster", "embedded",
}

// ParseURL returns the options that a URL stands for:
//
//	redis://[user:password@]host[:6379][/db]
//	unix://[user:password@]/path/to.sock[?db=0]
//	redis-sentinel://[user:password@]host[:26379][,host…]/master[/db]
//	redis-cluster://[user:password@]host[:6379][,host…]
//	embedded://[name]
//
// With rediss, rediss-sentinel and rediss-cluster the connections use TLS. A
// password alone is written :password@. As in net/url, a character that means
// something in a URL is percent-encoded in the user name, password and path;
// an IPv6 address stands in brackets. The database may also be given as ?db=0.
//
// An error names what is wrong with the URL and never shows any part of it but
// its scheme, because a mistyped password can end up in any of the others.
func ParseURL(raw string) (Options, error) {
	o, err := parseURL(raw)
	if err != nil {
		return Options{}, fmt.Errorf("connect: url: %w", err)
	}
	return o, nil
}

func parseURL(raw string) (Options, error) {
	scheme, rest, ok := strings.Cut(raw, "://")
	if !ok {
		return Options{}, errors.New("it has no scheme; write redis://host:port/db, or another of " + strings.Join(schemes, ", "))
	}
	scheme = strings.ToLower(scheme)
	if !slices.Contains(schemes, scheme) {
		return Options{}, errors.New("its scheme is not known; the known ones are " + strings.Join(schemes, ", "))
	}
	if strings.Contains(rest, "#") {
		return Options{}, errors.New("it has a #; in a password write %23")
	}
	rest, query, _ := strings.Cut(rest, "?")
	authority, path := rest, ""
	if i := strings.IndexByte(rest, '/'); i >= 0 {
		authority, path = rest[:i], rest[i:]
	}

	var o Options
	hosts := authority
	if i := strings.LastIndexByte(authority, '@'); i >= 0 {
		hosts = authority[i+1:]
		var err error
		if o.Username, o.Password, err = userinfo(authority[:i]); err != nil {
			return Options{}, err
		}
	}
	base, tls := strings.CutPrefix(scheme, "rediss")
	if tls {
		scheme = "redis" + base
		o.TLS.Enabled = true
	}

	var err error
	switch scheme {
	case "redis":
		err = o.singleURL(hosts, path)
	case "unix":
		err = o.unixURL(hosts, path)
	case "redis-sentinel":
		err = o.sentinelURL(hosts, path)
	case "redis-cluster":
		err = o.clusterURL(hosts, path)
	case "embedded":
		err = o.embeddedURL(authority, path)
	}
	if err == nil {
		err = o.queryURL(query)
	}
	if err != nil {
		return Options{}, err
	}
	return o, nil
}

func (o *Options) singleURL(hosts, path string) error {
	if strings.Contains(hosts, ",") {
		return errors.New("it has several hosts; name the mode: redis-sentinel:// or redis-cluster://")
	}
	var err error
	if o.Host, o.Port, err = splitAddr(hosts, DefaultPort); err != nil {
		return err
	}
	o.DB, err = database(strings.TrimPrefix(path, "/"))
	return err
}

func (o *Options) unixURL(hosts, path string) error {
	if hosts != "" {
		return errors.New("a unix URL has no host; write unix:///path/to.sock, with three slashes")
	}
	path, err := url.PathUnescape(path)
	if err != nil || path == "" || path == "/" {
		return errors.New("a unix URL needs the path of a socket: unix:///path/to.sock")
	}
	o.UnixSocketPath = path
	return nil
}

func (o *Options) sentinelURL(hosts, path string) error {
	o.Mode = Sentinel
	var err error
	if o.Sentinel.Addrs, err = splitAddrs(hosts, DefaultSentinelPort); err != nil {
		return err
	}
	master, db, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	if o.Sentinel.Master, err = url.PathUnescape(master); err != nil {
		return errBadEscape
	}
	o.DB, err = database(db)
	return err
}

func (o *Options) clusterURL(hosts, path string) error {
	o.Mode = Cluster
	var err error
	if o.ClusterAddrs, err = splitAddrs(hosts, DefaultPort); err != nil {
		return err
	}
	if db, err := database(strings.TrimPrefix(path, "/")); err != nil || db != 0 {
		return errClusterDB
	}
	return nil
}

func (o *Options) embeddedURL(authority, path string) error {
	o.Mode = Embedded
	if strings.ContainsAny(authority, "@:,") || strings.Trim(path, "/") != "" {
		return errors.New("an embedded URL is embedded:// or embedded://name")
	}
	name, err := url.PathUnescape(authority)
	if err != nil {
		return errBadEscape
	}
	o.EmbeddedName = name
	return nil
}

// queryURL reads ?db=, the only parameter.
func (o *Options) queryURL(query string) error {
	if query == "" {
		return nil
	}
	values, err := url.ParseQuery(query)
	if err != nil {
		return errBadEscape
	}
	for name, v := range values {
		if name != "db" || len(v) != 1 {
			return errors.New("the only parameter it may have is db, once; everything else has a setting of its own (in a password write %3F for ?)")
		}
		db, err := database(v[0])
		if err != nil {
			return err
		}
		if o.DB != 0 && o.DB != db {
			return errors.New("it names two databases, one after the / and one after db=")
		}
		if o.Mode == Cluster && db != 0 {
			return errClusterDB
		}
		o.DB = db
	}
	return nil
}

var (
	errBadEscape = errors.New("it has a % that is not followed by two hexadecimal digits; write %25 for a %")
	errBadHost   = errors.New("a host must be a name, an IPv4 address, or an IPv6 address in brackets, and a port a number from 1 to 65535 (in a password, characters like @ : / must be percent-encoded)")
	errBadDB     = errors.New("the database must be a number from 0; in a password, percent-encode / as %2F")
	errClusterDB = errors.New("a cluster has no database but 0")
)

// userinfo splits and decodes user:password.
func userinfo(s string) (user, password string, err error) {
	user, password, _ = strings.Cut(s, ":")
	if user, err = url.PathUnescape(user); err != nil {
		return "", "", errBadEscape
	}
	if password, err = url.PathUnescape(password); err != nil {
		return "", "", errBadEscape
	}
	if user != "" && password == "" {
		return "", "", errors.New("it has a user name without a password; a password alone is written :password@")
	}
	return user, password, nil
}

func database(s string) (int, error) {
	if s == "" {
		return 0, nil
	}
	db, err := strconv.ParseUint(s, 10, 31)
	if err != nil {
		return 0, errBadDB
	}
	return int(db), nil
}
