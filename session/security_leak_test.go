package session_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/pyramidgo/redissessions/factory"
	"github.com/pyramidgo/redissessions/internal/connecttest"
	"github.com/pyramidgo/redissessions/internal/visitor"
	"github.com/pyramidgo/redissessions/session"
	"github.com/pyramidgo/redissessions/settings"
)

// everything is what an application shows to anybody: log, errors, responses,
// printed values.
type everything struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (e *everything) Write(b []byte) (int, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.text.Write(b)
}

// print prints a value by the verbs that people use.
func (e *everything) print(values ...any) {
	for _, v := range values {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			fmt.Fprintf(e, verb+"\n", v)
		}
		slog.New(slog.NewJSONHandler(e, nil)).Info("printed", "value", v)
		slog.New(slog.NewTextHandler(e, nil)).Info("printed", "value", v)
	}
}

// inside is an application's value that holds a factory in fields that fmt reads by
// reflection, without asking for a method.
type inside struct {
	factory *session.Factory
	copied  session.Factory
	deeper  struct{ any any }
}

// printFactories prints factories of every format from inside other values.
func (e *everything) printFactories(t *testing.T, secret, previous, password, key string) {
	redis := connecttest.Miniredis(t)
	redis.RequireUserAuth("app", password)
	for _, format := range []string{"native", "pyramid_redis_sessions", "pyramid_session_redis"} {
		src := settings.Map{
			"redis.sessions.secret": secret, "redis.sessions.secret_previous": previous, "redis.sessions.format": format,
			"redis.sessions.url": "redis://app:" + password + "@" + redis.Addr(),
		}
		if format == "native" {
			src["redis.sessions.encryption_keys"] = key
		}
		f, err := factory.FromSettings(src)
		if err != nil {
			t.Fatal(err)
		}
		in := inside{factory: f, copied: *f}
		in.deeper.any = *f
		e.print(in, &in, []inside{in}, map[string]inside{"in": in}, struct{ in inside }{in})
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
}

// printEvents prints every event.
type printEvents struct {
	all *everything
	ops map[string]bool
}

func (p printEvents) Observe(ctx context.Context, e *session.Event) {
	p.ops[e.Op.String()] = true
	p.all.print(e, *e, e.Err, ctx, struct{ e session.Event }{*e})
}

// TestNothingSecretIsShown runs an application through what goes well and what
// goes wrong, with the log at its most talkative, and searches all the output
// for secrets.
func TestNothingSecretIsShown(t *testing.T) {
	const (
		secret   = "topsecret-signing-0123456789abcdef"
		previous = "topsecret-previous-0123456789abcde"
		password = "topsecret-password"
		private  = "topsecret-value"
	)
	key := base64.StdEncoding.EncodeToString([]byte("topsecret-key-0123456789abcdef!!"))
	redis := connecttest.Miniredis(t)
	redis.RequireUserAuth("app", password)
	all := &everything{}
	ops := map[string]bool{}
	secrets := map[string]string{
		"a user's name": "topsecret-user",
		"the secret":    secret, "the previous secret": previous, "the password": password, "a value": private,
		"the encryption key": key, "the encryption key itself": "topsecret-key",
	}
	registry := factory.NewRegistry()
	registry.OnInvalid("hear", func(_ *http.Request, err error) { all.print(err) })
	registry.Observer("print", printEvents{all, ops})
	registry.Observer("log", session.LogTo(slog.New(slog.NewTextHandler(all, &slog.HandlerOptions{Level: slog.LevelDebug}))))
	sessions, err := factory.FromSettings(settings.Map{
		"redis.sessions.secret":              secret,
		"redis.sessions.secret_previous":     previous,
		"redis.sessions.encryption_keys":     key,
		"redis.sessions.url":                 "redis://app:" + password + "@" + redis.Addr(),
		"redis.sessions.max_retries":         0,
		"redis.sessions.func_invalid_logger": "hear",
		"redis.sessions.observer":            "print, log",
		"redis.sessions.user_sessions":       true,
		"redis.sessions.max_record_bytes":    2000,
	}, factory.WithRegistry(registry),
		factory.WithLogger(slog.New(slog.NewTextHandler(all, &slog.HandlerOptions{Level: slog.LevelDebug}))),
		factory.WithErrorHandler(func(w http.ResponseWriter, _ *http.Request, err error) {
			all.print(err)
			http.Error(w, "sorry", http.StatusServiceUnavailable)
		}))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = sessions.Close() }()

	v := visitor.New(t)
	visit := func(use func(s *session.Session)) {
		resp := v.Get(sessions.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			s, err := sessions.Get(r)
			if err != nil {
				all.print(err)
				return
			}
			use(s)
			all.print(s)
			if s.ID() != "" {
				secrets["an ID"+s.ID()[:4]] = s.ID()
				raw, _ := base64.RawURLEncoding.DecodeString(s.ID())
				secrets["an ID's bytes "+s.ID()[:4]] = string(raw)
				secrets["an ID in hex "+s.ID()[:4]] = hex.EncodeToString(raw)
			}
			w.WriteHeader(http.StatusOK)
			all.print(r.Context()) // it knows the response's header
		})), "/page?token=of-the-application")
		if cookie := v.Cookie("session"); cookie != "" {
			secrets["a cookie "+cookie[:6]] = cookie
		}
		resp.Header.Del("Set-Cookie") // the one place where it belongs
		all.print(resp.Header)
		_, _ = io.Copy(all, resp.Body)
	}
	set := func(s *session.Session) { s.Set("private", private); s.Flash("", private) }

	visit(set)
	visit(func(s *session.Session) {
		if err := s.Renew(t.Context()); err != nil {
			t.Error(err)
		}
	})
	visit(func(s *session.Session) {
		if err := s.Login(t.Context(), "topsecret-user"); err != nil {
			t.Error(err)
		}
		if err := s.Touch(t.Context()); err != nil {
			t.Error(err)
		}
	})
	visit(func(s *session.Session) {
		if err := s.Invalidate(t.Context()); err != nil {
			t.Error(err)
		}
	})
	visit(set)
	visit(func(s *session.Session) { s.Set("big", strings.Repeat(private, 1000)) })
	visit(func(s *session.Session) { s.Set("private", func() {}) })
	redis.SetError("ERR something is wrong")
	visit(set)
	redis.SetError("")
	for _, key := range redis.Keys() { // damaged, each in its own way
		record, err := redis.Get(key)
		if err != nil {
			t.Fatal(err)
		}
		for _, damaged := range []string{"", record[:10], record[:60], "x" + record[1:], record[:13] + "x" + record[14:], record[:70] + "x" + record[71:]} {
			if err := redis.Set(key, damaged); err != nil {
				t.Fatal(err)
			}
			visit(set)
		}
	}
	good := v.Cookie("session")
	for _, cookie := range []string{good + "x", "x" + good, good[:len(good)-4], "%" + good} {
		v.SetCookie("session", cookie)
		visit(set)
	}
	v.SetCookie("session", good)
	redis.RequireUserAuth("app", "another password")
	visit(set)
	redis.Close()
	visit(set)

	all.printFactories(t, secret, previous, password, key)
	all.print(sessions, *sessions) // session.Options: TestOptionsPrintNoSecret
	for _, wrong := range []settings.Map{
		{"redis.sessions.secret": secret, "redis.sessions.url": "redis://app:" + password + "@127.0.0.1:1/x"},
		{"redis.sessions.secret": secret, "redis.sessions.url": "redis://app:" + password + "@127.0.0.1:1/0", "redis.sessions.socket_connect_timeout": "100ms"},
		{"redis.sessions.secret": secret, "redis.sessions.encryption_keys": key + "x"},
		{"redis.sessions.secret": secret, "redis.sessions.cookie_signer": "none", "redis.sessions.password": password, "redis.sessions.port": password},
	} {
		_, err := factory.FromSettings(wrong, factory.WithLogger(slog.New(slog.NewTextHandler(all, nil))))
		if err == nil {
			t.Errorf("%v is accepted", wrong)
		}
		if strings.Contains(fmt.Sprint(wrong["redis.sessions.port"]), password) {
			continue // an error about port quotes it
		}
		all.print(err)
	}

	if len(ops) != 8 {
		t.Errorf("the events were only %v", ops)
	}
	text := all.text.String()
	for what, secret := range secrets {
		for _, form := range []string{secret, hex.EncodeToString([]byte(secret)), strings.ToUpper(hex.EncodeToString([]byte(secret)))} {
			if i := strings.Index(text, form); i >= 0 {
				t.Errorf("%s is shown: ...%.200s", what, text[max(0, i-100):])
			}
		}
	}
	for _, want := range []string{"session not accepted", "the page was not sent", "[session]", "does not verify", "too large"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q was never shown: the test does not see everything", want)
		}
	}
	if strings.Contains(text, "of-the-application") {
		t.Error("the query of a URL is logged")
	}
	if len(secrets) < 12 {
		t.Errorf("only %d secrets were looked for", len(secrets))
	}
}
