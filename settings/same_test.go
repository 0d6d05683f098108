package settings

import (
	"path/filepath"
	"reflect"
	"testing"
	"time"
)

// everyKind holds a setting of each kind, in each way to write settings.
var everyKind = map[string]string{
	"settings.ini": `[app:main]
redis.sessions.secret = %%$;#"'` + "`" + `\ é 0123456789abcdef0123456789
redis.sessions.secret_previous =
  an older one
  oldest
redis.sessions.timeout = 90
redis.sessions.cookie_httponly = off
redis.sessions.cookie_secure = true
redis.sessions.socket_timeout = 0.5
redis.sessions.redis_port = 6380
redis.sessions.cluster_addrs = a:1, b
redis.sessions.max_record_bytes = 512 KiB
redis.sessions.set_redis_ttl_readheavy = 1
go.redis.sessions.prefix = app:
`,
	"settings.yaml": `
redis:
  sessions:
    secret: "%$;#\"'` + "`" + `\\ é 0123456789abcdef0123456789"
    secret_previous: [an older one, oldest]
    timeout: 90
    cookie_httponly: false
    cookie_secure: true
    socket_timeout: 0.5
    redis_port: 6380
    cluster_addrs:
      - a:1
      - b
    max_record_bytes: 524288
    set_redis_ttl_readheavy: on
go.redis.sessions.prefix: "app:"
`,
	"settings.toml": `
[redis.sessions]
secret = '''%$;#"'` + "`" + `\ é 0123456789abcdef0123456789'''
secret_previous = ["an older one", "oldest"]
timeout = 90
cookie_httponly = false
cookie_secure = true
socket_timeout = 0.5
redis_port = 6380
cluster_addrs = ["a:1", "b"]
max_record_bytes = "512 KiB"
set_redis_ttl_readheavy = true
[go.redis.sessions]
prefix = "app:"
`,
	"settings.json": `{
"redis.sessions": {
  "secret": "%$;#\"'` + "`" + `\\ é 0123456789abcdef0123456789", "secret_previous": ["an older one", "oldest"],
  "timeout": 90, "cookie_httponly": false, "cookie_secure": true, "socket_timeout": 0.5, "redis_port": 6380,
  "cluster_addrs": ["a:1", "b"], "max_record_bytes": 524288, "set_redis_ttl_readheavy": true},
"go.redis.sessions.prefix": "app:"}`,
}

var everyKindMap = Map{
	"redis": map[string]any{"sessions": map[any]any{
		"secret":                  `%$;#"'` + "`" + `\ é 0123456789abcdef0123456789`,
		"secret_previous":         []string{"an older one", "oldest"},
		"timeout":                 90 * time.Second,
		"cookie_httponly":         false,
		"cookie_secure":           SecureAlways,
		"socket_timeout":          float32(0.5),
		"redis_port":              uint16(6380),
		"cluster_addrs":           "a:1\nb",
		"max_record_bytes":        int64(512 << 10),
		"set_redis_ttl_readheavy": "yes",
	}},
	"go.Redis.sessions.prefix": "app:",
}

var everyKindEnvironment = map[string]string{
	"REDIS_SESSIONS_SECRET":                  `%$;#"'` + "`" + `\ é 0123456789abcdef0123456789`,
	"REDIS_SESSIONS_SECRET_PREVIOUS":         "an older one\noldest\n",
	"REDIS_SESSIONS_TIMEOUT":                 "1m30s",
	"REDIS_SESSIONS_COOKIE_HTTPONLY":         "no",
	"REDIS_SESSIONS_COOKIE_SECURE":           "True",
	"REDIS_SESSIONS_SOCKET_TIMEOUT":          "500ms",
	"REDIS_SESSIONS_REDIS_PORT":              "6_380",
	"REDIS_SESSIONS_CLUSTER_ADDRS":           "a:1 b",
	"REDIS_SESSIONS_MAX_RECORD_BYTES":        "512KiB",
	"REDIS_SESSIONS_SET_REDIS_TTL_READHEAVY": "t",
	"GO_REDIS_SESSIONS_PREFIX":               "app:",
}

// TestSameOptionsFromEverySource: how settings are written makes no difference.
func TestSameOptionsFromEverySource(t *testing.T) {
	want, err := Parse(everyKindMap)
	if err != nil {
		t.Fatal(err)
	}
	if want.Port != 6380 || want.Timeout != 90*time.Second || want.Prefix != "app:" || len(want.ClusterAddrs) != 2 {
		t.Fatalf("Map: %+v", want)
	}
	check := func(name string, got *Options, err error) {
		t.Helper()
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\n%s\nMap:\n%s", name, describe(got), describe(want))
		}
	}
	dir := t.TempDir()
	for name, content := range everyKind {
		got, err := loadAndParse(writeFile(t, filepath.Join(dir, name), content))
		check(name, got, err)
	}
	for variable, value := range everyKindEnvironment {
		t.Setenv(variable, value)
	}
	for name, content := range map[string]string{
		"empty.yaml": "", "empty.toml": "", "empty.json": "{}", "empty.ini": "[app:main]\n",
		"wrong.ini": "[app:main]\nredis.sessions.port = x\nredis.sessions.timeout = x\n",
	} {
		got, err := loadAndParse(writeFile(t, filepath.Join(dir, name), content))
		check("environment over "+name, got, err)
	}
}
