package factory_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/gomodule/redigo/redis"

	"github.com/pyramidgo/redissessions/connect"
	"github.com/pyramidgo/redissessions/connect/embedded"
	"github.com/pyramidgo/redissessions/encode"
	"github.com/pyramidgo/redissessions/factory"
	"github.com/pyramidgo/redissessions/session"
	"github.com/pyramidgo/redissessions/settings"
)

// A programmer's mistake panics, with the name.
func TestRegistryPanics(t *testing.T) {
	connector := func(context.Context, connect.Options) (session.Store, error) { return nil, nil }
	byRequest := func(*http.Request, connect.Options) (session.Store, error) { return nil, nil }
	tests := map[string]func(r *factory.Registry){
		"an empty name":            func(r *factory.Registry) { r.Connect("", connector) },
		"a nil connector":          func(r *factory.Registry) { r.Connect("x", nil) },
		"a nil request connector":  func(r *factory.Registry) { r.ConnectRequest("x", nil) },
		"a nil encoder":            func(r *factory.Registry) { r.Encode("x", nil) },
		"a nil decoder":            func(r *factory.Registry) { r.Decode("x", nil) },
		"a nil ID generator":       func(r *factory.Registry) { r.IDGenerator("x", nil) },
		"a nil signer":             func(r *factory.Registry) { r.Signer("x", nil) },
		"a nil client":             func(r *factory.Registry) { r.Client("x", nil) },
		"a nil pool":               func(r *factory.Registry) { r.Client("x", (*redis.Pool)(nil)) },
		"a nil invalid hook":       func(r *factory.Registry) { r.OnInvalid("x", nil) },
		"a nil observer":           func(r *factory.Registry) { r.Observer("x", nil) },
		"a nil cookie hook":        func(r *factory.Registry) { r.AllowCookie("x", nil) },
		"a built-in codec":         func(r *factory.Registry) { r.Encode("json", encode.JSON.Encode) },
		"Python's name of one":     func(r *factory.Registry) { r.Decode("json.loads", encode.JSON.Decode) },
		"a built-in connector":     func(r *factory.Registry) { r.Connect("goredis", connector) },
		"both kinds of connectors": func(r *factory.Registry) { r.Connect("x", connector); r.ConnectRequest("x", byRequest) },
		"a signer twice":           func(r *factory.Registry) { r.Signer("x", reversed{}); r.Signer("x", reversed{}) },
	}
	for name, mistake := range tests {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if text, ok := recover().(string); !ok || !strings.HasPrefix(text, "factory: ") {
					t.Errorf("it did not panic with a sentence of ours: %q", text)
				}
			}()
			mistake(factory.NewRegistry())
		})
	}
}

// A registry is a value: what one holds, another does not.
func TestRegistriesShareNothing(t *testing.T) {
	one := factory.NewRegistry()
	one.Encode("ours", encode.JSON.Encode)
	one.Decode("ours", encode.JSON.Decode)
	factory.NewRegistry().Encode("ours", encode.JSON.Encode)
	src := settings.Map{
		"redis.sessions.secret": secret, "redis.sessions.url": "embedded://",
		"redis.sessions.encode": "ours", "redis.sessions.decode": "ours",
	}
	if f, err := factory.FromSettings(src, withEmbedded); err == nil {
		f.Close()
		t.Error("a default registry knows a name that was registered elsewhere")
	}
	f, err := factory.FromSettings(src, factory.WithRegistry(one), withEmbedded)
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
}

// An operator's mistake is an error with the key, the name and the names there
// are, all mistakes at once.
func TestUnknownNames(t *testing.T) {
	r := factory.NewRegistry()
	r.Signer("ours", reversed{})
	_, err := factory.FromSettings(settings.Map{
		"redis.sessions.cookie_signer":                     "theirs",
		"redis.sessions.encode":                            "msgpak",
		"redis.sessions.decode":                            "msgpack",
		"redis.sessions.custom_connect":                    "redisgo",
		"redis.sessions.id_generator":                      "uuid",
		"redis.sessions.func_invalid_logger":               "log",
		"redis.sessions.func_check_response_allow_cookies": "check",
		"redis.sessions.connection_pool":                   "pool",
		"redis.sessions.observer":                          "metrics, spans",
		"redis.sessions.timeout":                           "12x", // no name, but a mistake too
	}, factory.WithRegistry(r))
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{
		`redis.sessions.timeout: "12x"`,
		`factory: redis.sessions.cookie_signer: no signer named "theirs"; registered: ours`,
		`factory: redis.sessions.encode: no function named "msgpak"; registered: cbor, json, msgpack, pickle`,
		`factory: redis.sessions.custom_connect: no connector named "redisgo"; registered: goredis, redigo`,
		`factory: redis.sessions.id_generator: no function named "uuid"; registered: none`,
		`factory: redis.sessions.func_invalid_logger: no function named "log"; registered: none`,
		`factory: redis.sessions.func_check_response_allow_cookies: no function named "check"; registered: none`,
		`factory: redis.sessions.observer: no observer named "metrics"; registered: none`,
		`factory: redis.sessions.observer: no observer named "spans"; registered: none`,
		`factory: redis.sessions.connection_pool: no client named "pool"; registered: none`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not say %s\nit says: %v", want, err)
		}
	}
	if strings.Contains(err.Error(), "redis.sessions.decode") {
		t.Errorf("a name that is registered is an error too: %v", err)
	}
}

// The key in an error is the one that the operator finds in the file.
func TestUnknownNamesUnderOtherKeys(t *testing.T) {
	_, err := factory.FromSettings(settings.Map{
		"redis.sessions.secret":          secret,
		"redis.sessions.client_callable": "redisgo",
		"redis.sessions.serialize":       "msgpak",
		"redis.sessions.deserialize":     "json",
		"redis.sessions.id_generator":    "myapp.ids.generate",
		"go.redis.sessions.id_generator": "uuid",
	})
	want := `factory: redis.sessions.serialize: no function named "msgpak"; registered: cbor, json, msgpack, pickle
factory: go.redis.sessions.id_generator: no function named "uuid"; registered: none
factory: redis.sessions.client_callable: no connector named "redisgo"; registered: goredis, redigo`
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

// A URL that no connector of ours understands is a mistake in the settings like
// any other; it says no more of the URL than that.
func TestBadURLIsReportedWithTheOthers(t *testing.T) {
	src := settings.Map{
		"redis.sessions.secret":       secret,
		"redis.sessions.redis_url":    "http://:hunter2@localhost",
		"redis.sessions.cokie_name":   "shop",
		"redis.sessions.id_generator": "uuid",
	}
	_, err := factory.FromSettings(src)
	want := `settings: redis.sessions.cokie_name: unknown key; did you mean cookie_name?
factory: redis.sessions.id_generator: no function named "uuid"; registered: none
factory: redis.sessions.redis_url: its scheme is not known; the known ones are redis, rediss, unix, redis-sentinel, rediss-sentinel, redis-cluster, rediss-cluster, embedded`
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

// An application's own connector may have URLs that ours do not know.
func TestConnectorsWithURLsOfTheirOwn(t *testing.T) {
	var got string
	r := factory.NewRegistry()
	r.Connect("vault", func(ctx context.Context, o connect.Options) (session.Store, error) {
		got = o.URL
		return embedded.Connect(ctx, connect.Options{})
	})
	f, err := factory.FromSettings(settings.Map{
		"redis.sessions.secret":         secret,
		"redis.sessions.custom_connect": "vault",
		"redis.sessions.url":            "vault://secret/redis",
	}, factory.WithRegistry(r))
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
	if got != "vault://secret/redis" {
		t.Errorf("the connector got %q", got)
	}
}
