package main

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/pyramidgo/redissessions/settings"
)

func TestBothFilesSayTheSame(t *testing.T) {
	t.Parallel()
	parse := func(file string) *settings.Options {
		source, err := settings.Load(file)
		if err != nil {
			t.Fatal(err)
		}
		options, err := settings.Parse(source)
		if err != nil {
			t.Fatal(err)
		}
		return options
	}
	ini, yaml := parse("development.ini"), parse("development.yaml")
	if !reflect.DeepEqual(ini, yaml) {
		t.Errorf("development.ini: %+v\ndevelopment.yaml: %+v", ini, yaml)
	}
	if ini.Secret != settings.ExampleSecret || !ini.Debug || ini.URL != "embedded://" {
		t.Errorf("unexpected options: %+v", ini)
	}
	ini.URL = parse("redis.ini").URL
	if onRedis := parse("redis.ini"); !reflect.DeepEqual(ini, onRedis) {
		t.Errorf("redis.ini differs in more than the URL: %+v", onRedis)
	}
}

// The program as it is started: it prints where it is, answers, and stops when
// it is told to.
func TestRun(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	out, in := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		ended <- run(ctx, []string{"-addr", "127.0.0.1:0"}, in, io.Discard)
		in.Close()
	}()
	printed := make([]byte, 0, 200)
	address := regexp.MustCompile(`http://127\.0\.0\.1:\d+/`)
	for !address.Match(printed) {
		chunk := make([]byte, 200)
		n, err := out.Read(chunk)
		printed = append(printed, chunk[:n]...)
		if err != nil {
			t.Fatalf("it ended with %v after printing %q", <-ended, printed)
		}
	}
	go func() { _, _ = io.Copy(io.Discard, out) }()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, string(address.Find(printed)), nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Errorf("status %d", resp.StatusCode)
	}
	stop()
	if err := <-ended; err != nil {
		t.Errorf("it did not stop cleanly: %v", err)
	}
}

func TestPortTaken(t *testing.T) {
	t.Parallel()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	err = run(t.Context(), []string{"-addr", listener.Addr().String()}, io.Discard, io.Discard)
	if err == nil || !strings.Contains(err.Error(), "in use") || !strings.Contains(err.Error(), "-addr 127.0.0.1:0") || strings.Contains(err.Error(), "\n") {
		t.Errorf("the error is %v, want one line that names -addr", err)
	}
}

func TestBadSettings(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "bad.ini")
	text := "[app:main]\nredis.sessions.timeout = 12x\nredis.sessions.cokie_name = a\nredis.sessions.port = 0\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	err := run(t.Context(), []string{"-settings", file}, io.Discard, io.Discard)
	if err == nil {
		t.Fatal("no error")
	}
	lines := strings.Split(err.Error(), "\n")
	for _, want := range []string{"timeout: \"12x\"", "cokie_name: unknown key; did you mean cookie_name?", "port", "secret"} {
		found := 0
		for _, line := range lines {
			if strings.Contains(line, "redis.sessions."+want) {
				found++
			}
		}
		if found != 1 {
			t.Errorf("%d lines name %s, want one:\n%v", found, want, err)
		}
	}
	if len(lines) != 4 {
		t.Errorf("%d lines, want one for each of 4 mistakes:\n%v", len(lines), err)
	}
}

func TestBadArguments(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{
		"unknown flag":    {"-prot", "80"},
		"no flag":         {"8080"},
		"no such file":    {"-settings", "nowhere.ini"},
		"no such address": {"-addr", "nowhere"},
	} {
		t.Run(name, func(t *testing.T) {
			var stderr bytes.Buffer
			if err := run(t.Context(), args, io.Discard, &stderr); err == nil || strings.Contains(err.Error(), "\n") {
				t.Errorf("the error is %v, want one line", err)
			}
		})
	}
}

func TestClickable(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ ip, want string }{
		{"127.0.0.1", "http://127.0.0.1:8080/"},
		{"0.0.0.0", "http://localhost:8080/"},
		{"::", "http://localhost:8080/"},
		{"::1", "http://[::1]:8080/"},
	} {
		if got := clickable(&net.TCPAddr{IP: net.ParseIP(tt.ip), Port: 8080}); got != tt.want {
			t.Errorf("%s is %s, want %s", tt.ip, got, tt.want)
		}
	}
}
