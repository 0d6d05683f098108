package factory_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/pyramidgo/redissessions/connect"
	"github.com/pyramidgo/redissessions/factory"
	"github.com/pyramidgo/redissessions/internal/connecttest"
	"github.com/pyramidgo/redissessions/session"
	"github.com/pyramidgo/redissessions/settings"
)

// TestResolve: what FromSettings would make a factory of, without a connection; names that
// the application registers itself are no mistake, everything else is.
func TestResolve(t *testing.T) {
	const secret = "hunter2-a-secret-of-a-test-hunter2"
	p, err := factory.Resolve(settings.Map{
		"redis.sessions.secret": secret, "redis.sessions.host": "no.such.host.invalid", "redis.sessions.timeout": "7m",
		"redis.sessions.encode": "corporate", "redis.sessions.decode": "json", "redis.sessions.custom_connect": "ours",
		"redis.sessions.func_invalid_logger": "audit", "redis.sessions.connection_pool": "main",
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Unregistered) != 4 {
		t.Errorf("unregistered: %v", p.Unregistered)
	}
	for i, key := range []string{"encode", "func_invalid_logger", "connection_pool", "custom_connect"} {
		if i < len(p.Unregistered) && !strings.Contains(p.Unregistered[i].Error(), "redis.sessions."+key) {
			t.Errorf("%d: %v", i, p.Unregistered[i])
		}
	}
	if p.Session.Secret != secret || p.Session.IdleTimeout != p.Settings.Timeout || p.Connect.Host != "no.such.host.invalid" || p.Session.Codec.Decode != nil {
		t.Errorf("%v, %v", p.Session, p.Connect)
	}
	if p, err = factory.Resolve(settings.Map{"redis.sessions.cookie_signer": "corporate", "redis.sessions.url": "embedded://"}); err != nil || len(p.Unregistered) != 2 {
		t.Errorf("%v, %v", err, p)
	}

	_, err = factory.Resolve(settings.Map{"redis.sessions.secret": secret, "redis.sessions.timeout": "soon", "redis.sessions.url": "http://x", "redis.sessions.encode": "corporate"})
	for _, key := range []string{"timeout", "url"} {
		if err == nil || !strings.Contains(err.Error(), "redis.sessions."+key+": ") {
			t.Errorf("%s is not in %v", key, err)
		}
	}
	_, err = factory.Resolve(settings.Map{"redis.sessions.secret": secret, "redis.sessions.cookie_name": "__Host-x", "redis.sessions.cookie_path": "/shop"})
	if err == nil || !strings.Contains(err.Error(), "redis.sessions.cookie_name: ") {
		t.Error(err)
	}
}

// TestResolveOpens: the store is that of the application, and so are the errors.
func TestResolveOpens(t *testing.T) {
	srv := connecttest.RedisServer(t)
	keys := settings.Map{"redis.sessions.secret": "hunter2-a-secret-of-a-test-hunter2", "redis.sessions.url": srv.URL()}
	for _, connector := range []string{"goredis", "redigo", "ours"} {
		keys["redis.sessions.custom_connect"] = connector
		p, err := factory.Resolve(keys)
		if err != nil {
			t.Fatal(err)
		}
		store, err := p.Open()
		if err != nil {
			t.Fatal(err)
		}
		defer store.Close()
		if _, ok := store.(session.KeyScanner); !ok {
			t.Errorf("%s: %T is no KeyScanner", connector, store)
		}
		found, err := store.(connect.Prober).Probe(t.Context(), p.Connect.Needs)
		if err != nil || len(found.Errors)+len(found.Warnings) > 0 || !found.Scripts || found.IFEQ || found.NoGETEX {
			t.Errorf("%s: %+v, %v", connector, found, err)
		}
	}
	srv.Kill()
	p, err := factory.Resolve(keys)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Open(); !errors.Is(err, session.ErrUnavailable) || !strings.Contains(err.Error(), "is Redis running") {
		t.Error(err)
	}
}
