package connect_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/pyramidgo/redissessions/connect"
)

// fields shows every field, which printing Options does not.
func fields(o connect.Options) []any {
	var list []any
	v := reflect.ValueOf(o)
	for i := range v.NumField() {
		f := v.Field(i)
		if f.Kind() == reflect.Struct {
			for j := range f.NumField() {
				list = append(list, fmt.Sprint(f.Field(j)))
			}
			continue
		}
		list = append(list, fmt.Sprint(f))
	}
	return list
}

func TestResolveDefaults(t *testing.T) {
	t.Parallel()
	o, err := connect.Options{}.Resolve()
	if err != nil {
		t.Fatal(err)
	}
	if o.Host != "localhost" || o.Port != 6379 || o.DB != 0 || o.DialTimeout != 5*time.Second ||
		o.SocketTimeout != 5*time.Second || o.PoolSize < 20 || o.MaxRetries != 2 {
		t.Errorf("got %q", fields(o))
	}
	again, err := o.Resolve()
	if err != nil || !reflect.DeepEqual(o, again) {
		t.Errorf("resolved twice: %q, %v", fields(again), err)
	}
	o, err = connect.Options{MaxRetries: -1, DialTimeout: time.Minute, SocketTimeout: time.Second}.Resolve()
	if err != nil || o.MaxRetries != -1 || o.DialTimeout != time.Second {
		t.Errorf("got %q, %v", fields(o), err)
	}
}

// A URL takes the place of the fields that say the same, and of no others.
func TestResolveURL(t *testing.T) {
	t.Parallel()
	o, err := connect.Options{
		URL: "redis-sentinel://:fromurl@s1/primary", Host: "h", Port: 1, DB: 7, Username: "u", Password: "p",
		UnixSocketPath: "/x", ClusterAddrs: []string{"n"}, SocketTimeout: time.Second, PoolSize: 9,
		Sentinel: connect.SentinelOptions{Master: "m", Addrs: []string{"s"}, Username: "su", Password: "sp"},
		TLS:      connect.TLS{Enabled: true, CAFile: "ca"},
	}.Resolve()
	if err != nil {
		t.Fatal(err)
	}
	want := connect.Options{
		Mode: connect.Sentinel, Password: "fromurl", SocketTimeout: time.Second, DialTimeout: time.Second, PoolSize: 9, MaxRetries: 2,
		Sentinel: connect.SentinelOptions{Master: "primary", Addrs: []string{"s1:26379"}, Username: "su", Password: "sp"},
		TLS:      connect.TLS{Enabled: true, CAFile: "ca"},
	}
	if !reflect.DeepEqual(o, want) {
		t.Errorf("got  %q\nwant %q", fields(o), fields(want))
	}
}

func TestResolveErrors(t *testing.T) {
	t.Parallel()
	for want, o := range map[string]connect.Options{
		"no scheme":                      {URL: "localhost"},
		"name of its primary":            {Mode: connect.Sentinel, Sentinel: connect.SentinelOptions{Addrs: []string{"s"}}},
		"addresses of its sentinels":     {Mode: connect.Sentinel, Sentinel: connect.SentinelOptions{Master: "m"}},
		"a sentinel is named":            {Sentinel: connect.SentinelOptions{Master: "m"}},
		"nodes are named":                {ClusterAddrs: []string{"n"}},
		"addresses of some of its nodes": {Mode: connect.Cluster},
		"no database but 0":              {Mode: connect.Cluster, ClusterAddrs: []string{"n"}, DB: 1},
		"a host must be":                 {Mode: connect.Cluster, ClusterAddrs: []string{"n n"}},
		"a unix socket is named":         {Mode: connect.Cluster, ClusterAddrs: []string{"n"}, UnixSocketPath: "/x"},
		"does not use TLS":               {UnixSocketPath: "/x", TLS: connect.TLS{Enabled: true}},
		"there is no mode 9":             {Mode: 9},
		"there is no auto_pipeline 9":    {AutoPipeline: 9},
		"number from 0":                  {DB: -1},
		"1 to 65535":                     {Port: 70000},
		"user name needs a password":     {Username: "u"},
		"sentinels' user name":           {Mode: connect.Sentinel, Sentinel: connect.SentinelOptions{Master: "m", Addrs: []string{"s"}, Username: "u"}},
		"must be positive":               {SocketTimeout: -1},
		"a pool cannot":                  {PoolSize: -1},
	} {
		if _, err := o.Resolve(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want an error with %q", err, want)
		}
	}
}

func TestOptionsPrintWithoutPasswords(t *testing.T) {
	t.Parallel()
	o := connect.Options{
		URL: "redis://web:" + secret + "@localhost", Username: "web", Password: secret,
		Sentinel: connect.SentinelOptions{Username: "web", Password: secret},
	}
	damaged := connect.Options{URL: "redis://web:" + secret + "@local host"}
	outer := struct{ Redis *connect.Options }{&o}
	list := []any{o, &o, []connect.Options{o}, map[string]connect.Options{"x": o}, outer, o.Sentinel, &o.Sentinel, damaged}
	for _, v := range list {
		// fmt asks no type how it prints under %p and, outside of Errorf, %w;
		// go vet reports those as mistakes.
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%T", "%10v", "%!"} {
			text := fmt.Sprintf(verb, v)
			if strings.Contains(text, secret) || strings.Contains(text, fmt.Sprintf("%x", secret)) {
				t.Errorf("%s of %T shows a password: %s", verb, v, text)
			}
		}
		text, err := json.Marshal(v)
		if err != nil || strings.Contains(string(text), secret) {
			t.Errorf("JSON of %T: %s, %v", v, text, err)
		}
		var log strings.Builder
		slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "v", v)
		slog.New(slog.NewTextHandler(&log, nil)).Info("x", "v", v)
		if strings.Contains(log.String(), secret) {
			t.Errorf("the log shows a password: %s", &log)
		}
	}
}

func TestOptionsString(t *testing.T) {
	t.Parallel()
	for want, o := range map[string]connect.Options{
		"redis at localhost:6379":                       {},
		"redis at [::1]:7000":                           {Host: "::1", Port: 7000},
		"redis at h:1":                                  {URL: "redis://u:p@h:1", Host: "other"},
		"redis at /run/redis.sock":                      {UnixSocketPath: "/run/redis.sock"},
		`redis primary "m" of the sentinels at a:26379`: {URL: "redis-sentinel://a/m"},
		"redis cluster at a:6379, b:1":                  {URL: "redis-cluster://a,b:1"},
		"embedded redis":                                {Mode: connect.Embedded},
		"embedded redis demo":                           {URL: "embedded://demo"},
		"redis behind the given client":                 {Client: 1},
		"redis at a URL that cannot be read":            {URL: "http://x"},
	} {
		if got := fmt.Sprintf("%+v", o); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
