package factory_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/pyramidgo/redissessions/connect"
	"github.com/pyramidgo/redissessions/factory"
	"github.com/pyramidgo/redissessions/internal/connecttest"
	"github.com/pyramidgo/redissessions/session"
	"github.com/pyramidgo/redissessions/settings"
)

var redisEffects = map[string]func(*testing.T){
	"URL": func(t *testing.T) {
		// It wins over every other way to name a server.
		s := newSite(t, settings.Map{"host": "nowhere.invalid", "port": 1, "unix_socket_path": "/nowhere", "password": "x"})
		if s.write(); len(s.redis.Keys()) != 1 {
			t.Error("the session is not where the URL says")
		}
	},
	"Host Port": testHostAndPort,
	"DB": func(t *testing.T) {
		s := newSite(t, nil)
		s.sessions = s.start(settings.Map{"url": nil, "host": s.redis.Host(), "port": s.redis.Port(), "db": 5})
		if s.write(); len(s.redis.DB(5).Keys()) != 1 {
			t.Error("the session is not in database 5")
		}
	},
	"Username Password": testUser,
	"UnixSocketPath": func(t *testing.T) {
		server := connecttest.RedisServerUnix(t)
		s := newSiteElsewhere(t, settings.Map{"unix_socket_path": server.SocketPath})
		if s.write(); s.count() != 1 {
			t.Error("no session over the unix socket")
		}
	},
	"TLS TLSCAFile TLSCertFile TLSKeyFile TLSServerName": testTLS,
	"LazyConnect": func(t *testing.T) {
		down := settings.Map{"redis.sessions.secret": secret, "redis.sessions.url": "redis://127.0.0.1:1"}
		if f, err := factory.FromSettings(down); err == nil {
			f.Close()
			t.Error("false: a Redis that is not there was not noticed at start-up")
		} else if !strings.Contains(err.Error(), "127.0.0.1:1") {
			t.Errorf("false: the error does not name the address: %v", err)
		}
		f, err := factory.FromSettings(with(down, settings.Map{"lazy_connect": true}))
		if err != nil {
			t.Fatalf("true: %v", err)
		}
		f.Close()
	},
	"OnRedisDown": func(t *testing.T) {
		for _, choice := range []string{"error", "anonymous"} {
			s := newSite(t, settings.Map{"on_redis_down": choice})
			s.write()
			s.redis.Close()
			get := func(use func(*session.Session)) int {
				return s.serve(func(_ http.ResponseWriter, r *http.Request) {
					if se, err := s.sessions.Get(r); err == nil {
						use(se)
					}
				}).StatusCode
			}
			read := get(func(se *session.Session) { se.Get("n") })
			if want := map[string]int{"error": 503, "anonymous": 200}[choice]; read != want {
				t.Errorf("%s: a reader gets %d, want %d", choice, read, want)
			}
			if write := get(func(se *session.Session) { se.Set("n", 1) }); write != 503 {
				t.Errorf("%s: a writer gets %d, want 503", choice, write)
			}
			if unused := s.serve(func(http.ResponseWriter, *http.Request) {}).StatusCode; unused != 200 {
				t.Errorf("%s: a request that does not use its session gets %d", choice, unused)
			}
		}
	},
	"SocketTimeout":        testConnectOption("socket_timeout", 3, func(o connect.Options) any { return o.SocketTimeout.Seconds() }, 3.0),
	"SocketConnectTimeout": testConnectOption("socket_connect_timeout", 0.5, func(o connect.Options) any { return o.DialTimeout.Seconds() }, 0.5),
	"PoolSize":             testConnectOption("pool_size", 7, func(o connect.Options) any { return o.PoolSize }, 7),
	"MaxRetries":           testConnectOption("max_retries", 0, func(o connect.Options) any { return o.MaxRetries }, -1),
	"AutoPipeline": func(t *testing.T) {
		testConnectOption("auto_pipeline", "auto", func(o connect.Options) any { return o.AutoPipeline }, connect.AutoPipelineAuto)(t)
		for _, choice := range []string{"off", "auto", "on"} {
			s := newSite(t, settings.Map{"auto_pipeline": choice})
			if s.write(); s.count() != 1 {
				t.Errorf("%s: the session is not there", choice)
			}
		}
	},
	"GuardedSave": func(t *testing.T) {
		for choice, want := range map[string]connect.GuardedSave{"script": connect.GuardedSaveScript, "native": connect.GuardedSaveNative} {
			testConnectOption("guarded_save", choice, func(o connect.Options) any { return o.GuardedSave }, want)(t)
		}
		// miniredis has no IFEQ.
		s := newSite(t, settings.Map{"guarded_save": "script"})
		if s.write(); s.count() != 1 {
			t.Error("script: the session is not there")
		}
		src := with(settings.Map{"redis.sessions.secret": secret}, settings.Map{"url": "redis://" + s.redis.Addr(), "guarded_save": "native"})
		if f, err := factory.FromSettings(src); err == nil || !strings.Contains(err.Error(), "guarded_save") {
			t.Errorf("native: %v, %v, want an error that names the key", f, err)
		}
	},
	"Charset": testOnlyValue("charset", "utf-8", "latin-1"),
	"Errors":  testOnlyValue("errors", "strict", "ignore"),
}

func testHostAndPort(t *testing.T) {
	s := newSite(t, nil)
	s.sessions = s.start(settings.Map{"url": nil, "host": s.redis.Host(), "port": s.redis.Port()})
	if s.write(); len(s.redis.Keys()) != 1 {
		t.Error("the session is not at host and port")
	}
}

func testUser(t *testing.T) {
	s := newSite(t, nil)
	s.redis.RequireUserAuth("shop", "right")
	keys := settings.Map{"url": nil, "host": s.redis.Host(), "port": s.redis.Port(), "username": "shop", "password": "right"}
	s.sessions = s.start(keys)
	if s.write(); s.count() != 1 {
		t.Error("no session for a user with a password")
	}
	keys["password"] = "wrong-password"
	f, err := factory.FromSettings(with(settings.Map{"redis.sessions.secret": secret}, keys))
	if err == nil {
		f.Close()
		t.Fatal("a wrong password was accepted")
	}
	if strings.Contains(err.Error(), "wrong-password") {
		t.Errorf("the error shows the password: %v", err)
	}
}

func testTLS(t *testing.T) {
	server := connecttest.RedisServerTLS(t)
	keys := settings.Map{
		"host": "127.0.0.1", "port": server.Port, "tls": true, "tls_ca_file": server.TLS.CAFile,
		"tls_cert_file": server.TLS.ClientCertFile, "tls_key_file": server.TLS.ClientKeyFile,
	}
	s := newSiteElsewhere(t, keys)
	if s.write(); s.count() != 1 {
		t.Error("no session over TLS")
	}
	refused := func(why string, change settings.Map) {
		src := with(with(settings.Map{"redis.sessions.secret": secret}, keys), change)
		if f, err := factory.FromSettings(src); err == nil {
			f.Close()
			t.Error("accepted: " + why)
		}
	}
	refused("no TLS", settings.Map{"tls": false, "tls_ca_file": nil, "tls_cert_file": nil, "tls_key_file": nil})
	refused("an authority that nobody knows", settings.Map{"tls_ca_file": nil})
	refused("no client certificate", settings.Map{"tls_cert_file": nil, "tls_key_file": nil})
	refused("another server name", settings.Map{"tls_server_name": "other.example"})
}

// testConnectOption returns a test that a connector is given what a key says.
// What the connectors make of it is a test of theirs.
func testConnectOption(key string, value any, got func(connect.Options) any, want any) func(*testing.T) {
	return func(t *testing.T) {
		t.Helper()
		var given connect.Options
		stop := errors.New("seen enough")
		r := newRegistry()
		r.Connect("look", func(_ context.Context, o connect.Options) (session.Store, error) {
			given = o
			return nil, stop
		})
		src := with(settings.Map{"redis.sessions.secret": secret}, settings.Map{key: value, "custom_connect": "look"})
		if _, err := factory.FromSettings(src, withRegistry(r)); !errors.Is(err, stop) {
			t.Fatal(err)
		}
		if got := got(given); got != want {
			t.Errorf("%s = %v: the connector was given %v, want %v", key, value, got, want)
		}
	}
}

// testOnlyValue returns a test of a key that has one value in Go.
func testOnlyValue(key, only, other string) func(*testing.T) {
	return func(t *testing.T) {
		t.Helper()
		s := newSite(t, settings.Map{key: only})
		if s.write(); s.count() != 1 {
			t.Error("the session is not there")
		}
		src := settings.Map{"redis.sessions.secret": secret, "redis.sessions." + key: other}
		if _, err := factory.FromSettings(src); err == nil || !strings.Contains(err.Error(), key) {
			t.Errorf("%s = %s: error %v", key, other, err)
		}
	}
}
