package settings

import "testing"

func TestKeyOf(t *testing.T) {
	src := Map{
		"redis.sessions.redis_host":      "redis1",
		"redis.sessions.serialize":       "json",
		"go.redis.sessions.encode":       "msgpack",
		"redis.sessions.client_callable": "",
		"Redis.Sessions.Port":            "7000",
	}
	for name, want := range map[string]string{
		"host":           "redis.sessions.redis_host",
		"encode":         "go.redis.sessions.encode",
		"custom_connect": "redis.sessions.custom_connect", // not set, by whatever alias
		"port":           "redis.sessions.port",
		"db":             "redis.sessions.db",
	} {
		if got := KeyOf(src, name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}
