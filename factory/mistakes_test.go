package factory_test

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pyramidgo/redissessions/connect/embedded"
	"github.com/pyramidgo/redissessions/factory"
	"github.com/pyramidgo/redissessions/settings"
)

// mistake returns the error of FromSettings for settings without their prefix.
func mistake(t *testing.T, keys settings.Map, opts ...factory.Option) string {
	t.Helper()
	f, err := factory.FromSettings(with(settings.Map{"redis.sessions.secret": secret, "redis.sessions.lazy_connect": true}, keys), opts...)
	if err == nil {
		f.Close()
		t.Fatalf("%v: no error", keys)
	}
	return err.Error()
}

// TestRulesOfSessionNameTheirKey: what only session.NewFactory knows is an error about
// the operator's key, before a connection is opened.
func TestRulesOfSessionNameTheirKey(t *testing.T) {
	for key, value := range map[string]string{
		"cookie_path":   "/" + strings.Repeat("x", 1024),
		"cookie_name":   strings.Repeat("x", 5000),
		"cookie_domain": strings.Repeat("x", 60) + ".example..test",
	} {
		got := mistake(t, settings.Map{key: value, "lazy_connect": false, "url": "redis://127.0.0.1:1"})
		if !strings.Contains(got, "redis.sessions."+key+": ") || strings.Contains(got, "127.0.0.1") || len(got) > 400 {
			t.Errorf("%s: %s", key, got)
		}
	}
}

// TestNoErrorShowsAURL puts a URL with a password where a name or a word belongs.
func TestNoErrorShowsAURL(t *testing.T) {
	keys := []string{
		"custom_connect", "client_callable", "redis_client_callable", "encode", "decode", "serialize", "id_generator", "cookie_signer",
		"func_invalid_logger", "func_check_response_allow_cookies", "connection_pool", "observer", "format", "cookie_secure", "cookie_samesite", "cookie_name",
		"cookie_path", "cookie_domain", "host", "port", "db", "timeout", "socket_timeout", "pool_size", "auto_pipeline", "on_redis_down", "charset",
		"errors", "max_record_bytes", "debug", "tls", "sentinel_addrs", "cluster_addrs", "tls_server_name", "encryption_keys",
	}
	for _, value := range []string{
		"redis://:hunter2@redis.test:6379/0", "redis://user:hunter2@redis.test", "redis://:hunter2", "https://vault.test/?token=hunter2",
		"REDIS://:hunter2@[::1]/0", "user:hunter2@redis.test", "redis:///0?password=hunter2",
	} {
		for _, key := range keys {
			if got := mistake(t, settings.Map{key: value}); strings.Contains(got, "hunter2") {
				t.Errorf("%s: %s", key, got)
			} else if !strings.Contains(got, "redis.sessions.") {
				t.Errorf("%s: the key is not named: %s", key, got)
			}
		}
	}
}

// TestErrorsNameFileAndLine: of everything that can be wrong, also what only the factory
// can judge.
func TestErrorsNameFileAndLine(t *testing.T) {
	dir := t.TempDir()
	for name, c := range map[string]struct {
		content string
		want    []string
	}{
		"a.ini": {
			"[app:main]\nredis.sessions.secret = " + secret + "\nredis.sessions.timeout = 12x\nredis.sessions.serialize = msgpak\nredis.sessions.decode = json\nredis.sessions.url = http://x\n",
			[]string{"timeout", "(FILE:3)", "redis.sessions.serialize: no function named \"msgpak\"", "(FILE:4)", "redis.sessions.url: its scheme", "(FILE:6)", "environment variable REDIS_SESSIONS_ID_GENERATOR"},
		},
		"a.yaml": {
			"redis:\n  sessions:\n    secret: " + secret + "\n    custom_connect: nosuch\n",
			[]string{"redis.sessions.custom_connect: no connector", "(FILE:4)"},
		},
		"a.toml": {
			"[redis.sessions]\nsecret = '" + secret + "'\ncookie_path = '/" + strings.Repeat("x", 1024) + "'\n",
			[]string{"(FILE)"},
		},
	} {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(c.content), 0o600); err != nil {
			t.Fatal(err)
		}
		t.Setenv("REDIS_SESSIONS_ID_GENERATOR", map[bool]string{true: "uuid"}[name == "a.ini"])
		src, err := settings.Load(file)
		if err != nil {
			t.Fatal(err)
		}
		_, err = factory.FromSettings(src)
		if err == nil {
			t.Fatalf("%s: no error", name)
		}
		for _, want := range c.want {
			if want = strings.ReplaceAll(want, "FILE", file); !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %q is not in\n%v", name, want, err)
			}
		}
	}
}

// TestEmbeddedIsWarnedAbout, by whichever way it is reached, unless debug is set.
func TestEmbeddedIsWarnedAbout(t *testing.T) {
	r := newRegistry()
	r.Connect("demo", embedded.Connect)
	for _, keys := range []settings.Map{
		{"url": "embedded://"}, {"url": "embedded://shared-name"}, {"redis_url": "EMBEDDED://"}, {"custom_connect": "embedded"},
		{"client_callable": "embedded", "url": "embedded://"}, {"custom_connect": "demo", "url": "embedded://"}, {"custom_connect": "demo"},
	} {
		for _, debug := range []bool{false, true} {
			var log bytes.Buffer
			logger := factory.WithLogger(slog.New(slog.NewTextHandler(&log, nil)))
			src := with(settings.Map{"redis.sessions.secret": secret, "redis.sessions.debug": debug}, keys)
			f, err := factory.FromSettings(src, withRegistry(r), logger, withEmbedded)
			if err != nil {
				t.Errorf("%v: %v", keys, err)
				continue
			}
			f.Close()
			if warned := strings.Contains(log.String(), "this process only"); warned == debug {
				t.Errorf("%v, debug %v: the log is %q", keys, debug, &log)
			}
		}
	}
}
