package factory_test

import (
	"context"
	"os/exec"
	"strings"
	"testing"

	"github.com/pyramidgo/redissessions/connect"
	"github.com/pyramidgo/redissessions/connect/embedded"
	"github.com/pyramidgo/redissessions/encode"
	"github.com/pyramidgo/redissessions/factory"
	"github.com/pyramidgo/redissessions/session"
	"github.com/pyramidgo/redissessions/settings"
)

// withEmbedded is the line that a program with an embedded Redis has.
var withEmbedded = factory.WithConnector("embedded", embedded.Connect)

// namesEmbedded are the ways in which settings ask for the embedded Redis, and
// the key that an error is about.
var namesEmbedded = []struct {
	key      string
	settings settings.Map
}{
	{"redis.sessions.url", settings.Map{"url": "embedded://"}},
	{"redis.sessions.url", settings.Map{"url": "embedded://shop"}},
	{"redis.sessions.url", settings.Map{"url": "EMBEDDED://"}},
	{"redis.sessions.url", settings.Map{"url": "embedded://", "custom_connect": "goredis"}},
	{"redis.sessions.custom_connect", settings.Map{"custom_connect": "embedded"}},
	{"redis.sessions.custom_connect", settings.Map{"custom_connect": "embedded", "url": "embedded://"}},
}

func TestEmbeddedIsAddedInOneLine(t *testing.T) {
	for _, test := range namesEmbedded {
		src := with(settings.Map{"redis.sessions.secret": secret}, test.settings)
		f, err := factory.FromSettings(src, withEmbedded)
		if err != nil {
			t.Errorf("%v: %v", test.settings, err)
			continue
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
		app := &startUp{settings: src}
		if err := factory.Include(app, withEmbedded); err != nil {
			t.Errorf("Include: %v: %v", test.settings, err)
			continue
		}
		for _, stop := range app.shutdown {
			stop()
		}
	}
}

func TestErrorOfAProgramWithoutEmbedded(t *testing.T) {
	for _, test := range namesEmbedded {
		f, err := factory.FromSettings(with(settings.Map{"redis.sessions.secret": secret}, test.settings))
		if err == nil {
			f.Close()
			t.Errorf("%v: the embedded Redis is there without its line", test.settings)
			continue
		}
		want := "factory: " + test.key + ": "
		const line = `factory.WithConnector("embedded", embedded.Connect)`
		if got := err.Error(); !strings.HasPrefix(got, want) || !strings.Contains(got, line) || strings.Contains(got, "\n") {
			t.Errorf("%v: the error is %v\nwant one line that begins with %s and contains %s", test.settings, err, want, line)
		}
	}
}

// The error is one of all that are found.
func TestErrorOfAProgramWithoutEmbeddedAmongOthers(t *testing.T) {
	_, err := factory.FromSettings(settings.Map{"redis.sessions.url": "embedded://", "redis.sessions.encode": "msgpak", "redis.sessions.decode": "msgpack"})
	for _, want := range []string{"redis.sessions.secret", "msgpak", "embedded.Connect"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in the error: %v", want, err)
		}
	}
}

// What is wrong with an embedded URL is said of its key, as with the built-ins.
func TestEmbeddedURL(t *testing.T) {
	_, err := factory.FromSettings(settings.Map{"redis.sessions.secret": secret, "redis.sessions.redis_url": "embedded://x/y"}, withEmbedded)
	if err == nil || !strings.HasPrefix(err.Error(), "factory: redis.sessions.redis_url: ") {
		t.Errorf("the error is %v", err)
	}
}

// WithConnector adds to the registry's names for one factory. The registry, which
// several factories may share, stays as it is.
func TestWithConnectorBesideARegistry(t *testing.T) {
	r := factory.NewRegistry()
	r.Encode("ours", encode.JSON.Encode)
	r.Decode("ours", encode.JSON.Decode)
	src := settings.Map{
		"redis.sessions.secret": secret, "redis.sessions.custom_connect": "counted",
		"redis.sessions.encode": "ours", "redis.sessions.decode": "ours",
	}
	opened := 0
	counted := factory.WithConnector("counted", func(ctx context.Context, _ connect.Options) (session.Store, error) {
		opened++
		return embedded.Connect(ctx, connect.Options{})
	})
	for _, opts := range [][]factory.Option{{counted, factory.WithRegistry(r)}, {factory.WithRegistry(r), counted, withEmbedded}} {
		f, err := factory.FromSettings(src, opts...)
		if err != nil {
			t.Fatal(err)
		}
		f.Close()
	}
	if opened != 2 {
		t.Errorf("the connector was asked %d times, want 2", opened)
	}
	_, err := factory.FromSettings(src, factory.WithRegistry(r), withEmbedded)
	want := `factory: redis.sessions.custom_connect: no connector named "counted"; registered: embedded, goredis, redigo`
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

// A programmer's mistake panics, as with Registry.Connect.
func TestWithConnectorPanics(t *testing.T) {
	r := factory.NewRegistry()
	r.Connect("ours", embedded.Connect)
	for name, opts := range map[string][]factory.Option{
		"an empty name":       {factory.WithConnector("", embedded.Connect)},
		"a nil connector":     {factory.WithConnector("x", nil)},
		"a built-in":          {factory.WithConnector("goredis", embedded.Connect)},
		"twice":               {withEmbedded, withEmbedded},
		"one of the registry": {factory.WithRegistry(r), factory.WithConnector("ours", embedded.Connect)},
		"before the registry": {factory.WithConnector("ours", embedded.Connect), factory.WithRegistry(r)},
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if text, ok := recover().(string); !ok || !strings.HasPrefix(text, "factory: the connector ") {
					t.Errorf("it did not panic with a sentence of ours: %q", text)
				}
			}()
			f, err := factory.FromSettings(settings.Map{"redis.sessions.secret": secret, "redis.sessions.lazy_connect": true}, opts...)
			if err == nil {
				f.Close()
			}
		})
	}
}

// A program that imports factory does not carry the embedded Redis and its Lua
// interpreter. The package that adds them does.
func TestFactoryDoesNotLinkTheEmbeddedRedis(t *testing.T) {
	dependencies := func(pkg string) string {
		out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", pkg).Output()
		if err != nil {
			t.Fatalf("go list -deps %s: %v", pkg, err)
		}
		return string(out)
	}
	for _, module := range []string{"github.com/alicebob/miniredis", "github.com/yuin/gopher-lua"} {
		if deps := dependencies("."); strings.Contains(deps, module) {
			t.Errorf("package factory depends on %s", module)
		}
		if deps := dependencies("../connect/embedded"); !strings.Contains(deps, module) {
			t.Errorf("package embedded does not depend on %s: this test looks for the wrong name", module)
		}
	}
}
