package settings

import (
	"reflect"
	"testing"
	"time"
)

func TestFormats(t *testing.T) {
	base := Map{"redis.sessions.secret": longSecret}
	with := func(pairs ...string) Map {
		m := Map{}
		for key, value := range base {
			m[key] = value
		}
		for i := 0; i < len(pairs); i += 2 {
			m[prefix+pairs[i]] = pairs[i+1]
		}
		return m
	}
	for _, c := range []struct {
		src     Map
		expires bool
		err     string
	}{
		{with(), false, ""},
		{with("format", "Pyramid_Session_Redis"), true, ""},
		{with("format", "pyramid_session_redis", "python_expires", "false"), false, ""},
		{with("format", "pyramid_redis_sessions", "python_expires", "no"), false, ""},
		{with("prefix", "a:", "id_generator", "x"), false, ""},
		{with("format", "pyramid_redis_sessions", "prefix", "a:", "id_generator", "x"), false,
			"settings: redis.sessions.prefix: contradicts id_generator: in this format the prefix is part of the ID"},
		{with("python_expires", "true"), false,
			"settings: redis.sessions.python_expires: exists in the format pyramid_session_redis only"},
		{with("format", "pyramid_redis_sessions", "timeout", "1.5"), false,
			"settings: redis.sessions.timeout: 1.5s: the format pyramid_redis_sessions keeps whole seconds"},
	} {
		o, err := Parse(c.src)
		switch {
		case c.err != "":
			if err == nil || err.Error() != c.err {
				t.Errorf("%v: %v, want %s", c.src, err, c.err)
			}
		case err != nil:
			t.Errorf("%v: %v", c.src, err)
		case o.PythonExpires != c.expires:
			t.Errorf("%v: PythonExpires is %v", c.src, o.PythonExpires)
		}
	}
}

// pyramid_session_redis 1.8 removes a session whose last value is deleted unless it is
// told not to; pyramid_redis_sessions has no such setting.
func TestInvalidateEmptySessionByFormat(t *testing.T) {
	with := func(pairs ...string) Map {
		m := Map{"redis.sessions.secret": longSecret}
		for i := 0; i < len(pairs); i += 2 {
			m["redis.sessions."+pairs[i]] = pairs[i+1]
		}
		return m
	}
	for _, c := range []struct {
		src  Map
		want bool
	}{
		{with(), false},
		{with("format", "native"), false},
		{with("format", "pyramid_redis_sessions"), false},
		{with("format", "pyramid_session_redis"), true},
		{with("format", "PYRAMID_SESSION_REDIS", "invalidate_empty_session", ""), true},
		{with("format", "pyramid_session_redis", "invalidate_empty_session", "false"), false},
		{with("format", "pyramid_session_redis", "invalidate_empty_session", "None"), true},
		{with("invalidate_empty_session", "true"), true},
	} {
		if o, err := Parse(c.src); err != nil || o.InvalidateEmptySession != c.want {
			t.Errorf("%v: %v, %v; want %v", c.src, o, err, c.want)
		}
	}
}

func TestEncryptionKeys(t *testing.T) {
	const std = "/////////////////////////////////////////v8="
	want := []Secret{std, std, std}
	o, err := Parse(Map{
		"redis.sessions.secret":          longSecret,
		"redis.sessions.encryption_keys": std + "\n _________________________________________v8 " + std[:43],
	})
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(o.EncryptionKeys, want) {
		t.Errorf("%d keys, not as wanted", len(o.EncryptionKeys))
	}
}

// TestDefaults are design decisions, written down a second time.
func TestDefaults(t *testing.T) {
	o, err := Parse(Map{"redis.sessions.secret": longSecret})
	if err != nil {
		t.Fatal(err)
	}
	want := &Options{
		secrets: &secrets{&secretFields{Secret: longSecret}}, Timeout: 20 * time.Minute,
		CookieName: "session", CookiePath: "/", CookieSecure: SecureAuto, CookieHTTPOnly: true, CookieSameSite: SameSiteLax, CookieOnException: true,
		Host: "localhost", Port: 6379, SocketTimeout: 5 * time.Second, SocketConnectTimeout: 5 * time.Second,
		AutoPipeline: PipelineAuto, GuardedSave: GuardAuto, OnRedisDown: DownError, Charset: "utf-8", Errors: "strict", CustomConnect: "goredis",
		Format: FormatNative, MaxRecordBytes: 1 << 20, SetRedisTTL: true, DetectChanges: true, DeserializedFailsNew: true,
		UserSessionsWhenFull: EndOldest, UserSessionsAbout: AboutNothing,
		DeviceBound: DeviceBoundOff, DeviceBoundPath: "/.session", DeviceBoundRefresh: 10 * time.Minute,
	}
	if !reflect.DeepEqual(o, want) {
		t.Errorf("got %+v\nwant %+v", o, want)
	}
}
