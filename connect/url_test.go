package connect_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/pyramidgo/redissessions/connect"
)

func TestParseURL(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]connect.Options{
		"redis://":                       {Host: "localhost", Port: 6379},
		"redis://localhost":              {Host: "localhost", Port: 6379},
		"REDIS://localhost/":             {Host: "localhost", Port: 6379},
		"redis://cache.example:7000/3":   {Host: "cache.example", Port: 7000, DB: 3},
		"redis://:7000":                  {Host: "localhost", Port: 7000},
		"redis://10.0.0.1?db=2":          {Host: "10.0.0.1", Port: 6379, DB: 2},
		"redis://h/2?db=2":               {Host: "h", Port: 6379, DB: 2},
		"redis://:secret@h":              {Host: "h", Port: 6379, Password: "secret"},
		"redis://web:secret@h:1":         {Host: "h", Port: 1, Username: "web", Password: "secret"},
		"redis://:p%40ss%2Fw%3Ard+%25@h": {Host: "h", Port: 6379, Password: "p@ss/w:rd+%"},
		"redis://we%3Ab:a:b@h":           {Host: "h", Port: 6379, Username: "we:b", Password: "a:b"},
		"redis://:a@b@h":                 {Host: "h", Port: 6379, Password: "a@b"},
		"redis://:@h":                    {Host: "h", Port: 6379},
		"redis://[::1]":                  {Host: "::1", Port: 6379},
		"redis://[::1]:7000/1":           {Host: "::1", Port: 7000, DB: 1},
		"redis://[fe80::1%25eth0]:1":     {Host: "fe80::1%eth0", Port: 1},
		"redis://redis_1:6379":           {Host: "redis_1", Port: 6379},
		"rediss://h:6380/1":              {Host: "h", Port: 6380, DB: 1, TLS: connect.TLS{Enabled: true}},

		"unix:///run/redis.sock":               {UnixSocketPath: "/run/redis.sock"},
		"unix:///run/redis.sock?db=4":          {UnixSocketPath: "/run/redis.sock", DB: 4},
		"unix://web:secret@/run/re%20dis.sock": {UnixSocketPath: "/run/re dis.sock", Username: "web", Password: "secret"},
		"unix://:secret@/run/redis.sock?db=":   {UnixSocketPath: "/run/redis.sock", Password: "secret"},

		"redis-sentinel://s1/mymaster": {
			Mode:     connect.Sentinel,
			Sentinel: connect.SentinelOptions{Master: "mymaster", Addrs: []string{"s1:26379"}},
		},
		"redis-sentinel://web:secret@s1:1,s2,[::1]:3,[::2]/my%20master/5": {
			Mode: connect.Sentinel, DB: 5, Username: "web", Password: "secret",
			Sentinel: connect.SentinelOptions{Master: "my master", Addrs: []string{"s1:1", "s2:26379", "[::1]:3", "[::2]:26379"}},
		},
		"rediss-sentinel://s1/m": {
			Mode: connect.Sentinel, TLS: connect.TLS{Enabled: true},
			Sentinel: connect.SentinelOptions{Master: "m", Addrs: []string{"s1:26379"}},
		},
		"redis-cluster://n1": {Mode: connect.Cluster, ClusterAddrs: []string{"n1:6379"}},
		"redis-cluster://:secret@n1:7000,n2/0": {
			Mode: connect.Cluster, Password: "secret", ClusterAddrs: []string{"n1:7000", "n2:6379"},
		},
		"rediss-cluster://n1": {
			Mode: connect.Cluster, ClusterAddrs: []string{"n1:6379"}, TLS: connect.TLS{Enabled: true},
		},
		"embedded://":     {Mode: connect.Embedded},
		"embedded://demo": {Mode: connect.Embedded, EmbeddedName: "demo"},
	} {
		got, err := connect.ParseURL(url)
		if err != nil {
			t.Errorf("%s: %v", url, err)
		} else if !reflect.DeepEqual(got, want) {
			// Options print without their passwords, so show the fields.
			t.Errorf("%s:\ngot  %q\nwant %q", url, fields(got), fields(want))
		}
	}
}

// secret is what no error may hold.
const secret = "hunter2"

func TestParseURLErrors(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]string{
		"":                                     "no scheme",
		"localhost:6379":                       "no scheme",
		":hunter2@localhost":                   "no scheme",
		"http://:hunter2@localhost":            "scheme is not known",
		"redisss://localhost":                  "scheme is not known",
		"redis-sentinels://localhost":          "scheme is not known",
		"hunter2://localhost":                  "scheme is not known",
		"http://web@localhost":                 "scheme is not known",
		"redis://:hunter2#x@localhost":         "%23",
		"redis://:hunter2/x@localhost":         "percent-encoded",
		"redis://:hunter2?x@localhost":         "percent-encoded",
		"redis://:x?hunter2@localhost":         "percent-encoded",
		"redis://:hunter2%zz@localhost":        "%25",
		"redis://%zz:hunter2@localhost":        "%25",
		"redis://hunter2@localhost":            "without a password",
		"redis://:hunter2@local host":          "a host must be",
		"redis://:hunter2@localhost:port":      "a host must be",
		"redis://:hunter2@localhost:0":         "a host must be",
		"redis://:hunter2@localhost:65536":     "a host must be",
		"redis://:hunter2@::1":                 "a host must be",
		"redis://:hunter2@[::1":                "a host must be",
		"redis://:hunter2@[::1]7000":           "a host must be",
		"redis://:hunter2@[localhost]":         "a host must be",
		"redis://:hunter2@localhost/one":       "must be a number",
		"redis://:hunter2@localhost/-1":        "must be a number",
		"redis://:hunter2@localhost/1/2":       "must be a number",
		"redis://:hunter2@localhost/1?db=2":    "two databases",
		"redis://localhost?password=hunter2":   "only parameter",
		"redis://localhost?db=1&db=2":          "only parameter",
		"redis://localhost?db=%zz":             "%25",
		"redis://:hunter2@a,b":                 "redis-sentinel://",
		"unix://:hunter2@":                     "needs the path",
		"unix:///":                             "needs the path",
		"unix://run/redis.sock":                "three slashes",
		"redis-sentinel://:hunter2@s1,,s2:x/m": "a host must be",
		"redis-sentinel://:hunter2@s1/m/x":     "must be a number",
		"redis-cluster://:hunter2@n1/1":        "no database but 0",
		"redis-cluster://:hunter2@n1?db=1":     "no database but 0",
		"embedded://:hunter2@x":                "embedded://name",
		"embedded://x/hunter2":                 "embedded://name",
	} {
		o, err := connect.ParseURL(url)
		if err == nil {
			t.Errorf("%s: no error but %q", url, fields(o))
			continue
		}
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v: want it to say %q", url, err, want)
		}
		if !strings.HasPrefix(err.Error(), "connect: url: ") {
			t.Errorf("%s: %v: want the package first", url, err)
		}
		if strings.Contains(err.Error(), secret) {
			t.Errorf("%s: the error shows a piece of the URL: %v", url, err)
		}
	}
}

func FuzzParseURL(f *testing.F) {
	for _, s := range []string{"redis://u:p@[::1]:1/2?db=2", "redis-sentinel://a,b/m/1", "unix:///x", "embedded://x", "redis-cluster://a:1,b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		o, err := connect.ParseURL(s)
		if err != nil {
			return
		}
		if o.Mode == connect.Sentinel && o.Sentinel.Master == "" {
			return // the name may come from another option
		}
		if _, err := o.Resolve(); err != nil {
			t.Errorf("%q is parsed and then refused: %v", s, err)
		}
	})
}
