package settings_test

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/pyramidgo/redissessions/settings"
)

func Example() {
	dir, err := os.MkdirTemp("", "settings")
	if err != nil {
		panic(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	file := filepath.Join(dir, "development.ini")
	text := `
[app:main]
redis.sessions.secret = 4cec2cf8a4b3a9d9f1b5c7e3d2a1908f
redis.sessions.timeout = 20m
redis.sessions.url = redis://:hunter2@localhost:6379/0
`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		panic(err)
	}

	source, err := settings.Load(file)
	if err != nil {
		fmt.Println(err)
		return
	}
	options, err := settings.Parse(source)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(options.Timeout, options.CookieName, options.URL)
	// Output: 20m0s session [redacted]
}

// The environment overrides the file. A fragment names a section of an INI file, as
// PasteDeploy's URIs do.
func ExampleLoad() {
	dir, err := os.MkdirTemp("", "settings")
	if err != nil {
		panic(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	file := filepath.Join(dir, "development.ini")
	text := `
[app:main]
redis.sessions.timeout = 20m

[app:admin]
redis.sessions.timeout = 5m
`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		panic(err)
	}
	for _, path := range []string{file, file + "#admin"} {
		source, err := settings.Load(path)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(source.Get("redis.sessions.timeout"))
	}
	// Output:
	// 20m
	// 5m
}

// A program that has its settings elsewhere gives them as a map, or as any other Source.
func ExampleParse() {
	options, err := settings.Parse(settings.Map{
		"redis.sessions.secret":  "4cec2cf8a4b3a9d9f1b5c7e3d2a1908f",
		"redis.sessions.timeout": "1200", // seconds, as in Pyramid
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(options.Timeout, options.CookieName, options.Secret)
	// Output: 20m0s session [redacted]
}

// Every mistake is reported, each with its key.
func ExampleParse_mistakes() {
	_, err := settings.Parse(settings.Map{
		"redis.sessions.timeout":     "12x",
		"redis.sessions.cokie_name":  "sid",
		"redis.sessions.tls_ca_file": "ca.pem",
		"my.own.key":                 "is not looked at",
	})
	fmt.Println(err)
	// Output:
	// settings: redis.sessions.cokie_name: unknown key; did you mean cookie_name?
	// settings: redis.sessions.secret: is required: set it to a long random text (`openssl rand -hex 32` makes one), or set cookie_signer
	// settings: redis.sessions.timeout: "12x": expected seconds (1200) or a duration (20m), 0 or None for never
	// settings: redis.sessions.tls_ca_file: has no effect without TLS: set tls = true, or a rediss:// url
}

// A key under go.redis.sessions. is for the Go program alone: a Python application that
// reads the same file keeps its own value.
func ExampleMap() {
	options, err := settings.Parse(settings.Map{
		"redis.sessions.secret":            "4cec2cf8a4b3a9d9f1b5c7e3d2a1908f",
		"redis.sessions.client_callable":   "myapp.redis.connect",
		"go.redis.sessions.custom_connect": "redigo",
	})
	fmt.Println(options.CustomConnect, err)
	// Output: redigo <nil>
}

func ExampleSecret() {
	secret := settings.Secret("hunter2")
	fmt.Printf("%v %q %#v\n", secret, secret, struct{ Password settings.Secret }{secret})
	fmt.Println(len(string(secret)))
	// Output:
	// [redacted] [redacted] struct { Password settings.Secret }{Password:[redacted]}
	// 7
}
