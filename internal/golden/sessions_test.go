package golden_test

import (
	"context"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pyramidgo/redissessions/session"
)

const (
	secret         = "golden records: the secret which signs them"
	previousSecret = "golden records: a secret which was replaced"
	encryptionKey  = "Z29sZGVuIHJlY29yZHM6IGFuIGVuY3J5cHRpb24ga2U="
	previousKey    = "Z29sZGVuIHJlY29yZHM6IGEgZm9ybWVyIGtleSAuLi4="
)

// writtenAt is when the sessions are written.
var writtenAt = time.Date(2026, 11, 26, 10, 0, 0, 0, time.UTC)

// scenario is what a visitor does before the session is recorded.
type scenario struct {
	name, about string
	write       func(w *world)
	settings    map[string]string // beside those of the layout
	readerHas   map[string]string // settings that the reader has changed since
	readAfter   time.Duration     // 5 minutes by default
	only        string            // the layouts, by a regular expression; all by default
	old         bool              // the recorded cookie is the one before the last request
}

// layouts are how a record may look: the format, the codec, encryption.
var layouts = []struct {
	name     string
	settings map[string]string
	unnamed  bool
}{
	{name: "native"},
	{name: "native-cbor", settings: codec("cbor")},
	{name: "native-json", settings: codec("json")},
	{name: "native-msgpack", settings: codec("msgpack")},
	{name: "native-pickle", settings: codec("pickle")},
	{name: "native-own", settings: codec("own")},
	{name: "native-unnamed", settings: codec("own"), unnamed: true},
	{name: "native-encrypted", settings: map[string]string{"encryption_keys": encryptionKey}},
	{name: "native-encrypted-msgpack", settings: with(codec("msgpack"), map[string]string{"encryption_keys": encryptionKey})},
	{name: "prs", settings: map[string]string{"format": "pyramid_redis_sessions"}},
	{name: "prs-json", settings: with(codec("json"), map[string]string{"format": "pyramid_redis_sessions"})},
	{name: "prs-msgpack", settings: with(codec("msgpack"), map[string]string{"format": "pyramid_redis_sessions"})},
	{name: "psr", settings: map[string]string{"format": "pyramid_session_redis", "python_expires": "false"}},
	{name: "psr-expires", settings: map[string]string{"format": "pyramid_session_redis", "python_expires": "true"}},
	{name: "psr-json", settings: with(codec("json"), map[string]string{"format": "pyramid_session_redis"})},
}

// every is the layouts that a scenario is recorded in unless it is about the layout.
const every = "^(native|native-msgpack|prs|psr|psr-expires)$"

func codec(name string) map[string]string { return map[string]string{"encode": name, "decode": name} }

func with(all ...map[string]string) map[string]string {
	merged := map[string]string{}
	for _, m := range all {
		maps.Copy(merged, m)
	}
	return merged
}

// person is a type of an application.
type person struct {
	Name string
	Age  int
	Tags []string
}

var values = map[string]any{
	"text": "Ada Lovelace", "empty": "", "unicode": "Zażółć gęślą jaźń 🎻", "long": strings.Repeat("0123456789", 40),
	"yes": true, "no": false, "nothing": nil,
	"int": 42, "negative": -7, "zero": 0, "big": int64(math.MaxInt64), "small": int64(math.MinInt64), "wide": uint64(1) << 63,
	"int8": int8(-8), "int16": int16(-300), "int32": int32(-70_000), "uint": uint(7), "uint8": uint8(200), "uint16": uint16(60_000), "uint32": uint32(4_000_000_000),
	"float": 2.5, "whole": 3.0, "tiny": 1e-300, "float32": float32(0.1),
	"list": []any{"a", 1, true, nil, []any{2.5}}, "texts": []string{"x", "y"}, "counts": map[string]int{"a": 1, "b": 2},
	"map":    map[string]any{"deep": map[string]any{"deeper": []any{1, "z"}}},
	"person": person{"Ada", 36, []string{"math", "poetry"}}, "pause": 90 * time.Second,
	"when": time.Date(2026, 11, 26, 9, 8, 7, 654321000, time.UTC), "bytes": []byte{0, 1, 0xfe, 0xff},
}

// typed are the keys that are read as a type of an application too.
var typed = map[string]func(s *session.Session) (string, bool){
	"int": as[int]("int"), "big": as[int64]("big"), "wide": as[uint64]("wide"), "float": as[float64]("float"),
	"texts": as[[]string]("texts"), "counts": as[map[string]int]("counts"), "person": as[person]("person"),
	"pause": as[time.Duration]("pause"), "when": as[time.Time]("when"), "bytes": as[[]byte]("bytes"),
}

func as[T any](key string) func(s *session.Session) (string, bool) {
	return func(s *session.Session) (string, bool) {
		v, ok := session.Value[T](s, key)
		return fmt.Sprintf("%+v", v), ok
	}
}

func set(values map[string]any) func(w *world) {
	return func(w *world) { w.visit(func(_ context.Context, s *session.Session) { fill(s, values) }) }
}

// fill sets values in the order of their keys: a native record keeps the order in which they
// were set.
func fill(s *session.Session, values map[string]any) {
	for _, k := range slices.Sorted(maps.Keys(values)) {
		s.Set(k, values[k])
	}
}

var plain = map[string]any{"name": "Ada", "visits": 3}

var scenarios = []scenario{
	{name: "plain", about: "a text and a number", write: set(plain)},
	{name: "kinds", about: "a value of every kind", write: set(values)},
	{name: "empty", about: "a session whose values were cleared", only: every,
		settings: map[string]string{"invalidate_empty_session": "false"},
		write: func(w *world) {
			set(plain)(w)
			w.visit(func(_ context.Context, s *session.Session) { s.Clear() })
		}},
	{name: "flash", about: "messages in two queues", only: every, write: func(w *world) {
		w.visit(func(_ context.Context, s *session.Session) {
			s.Flash("", "saved")
			s.Flash("", map[string]any{"n": 1})
			s.Flash("warning", "nearly full")
		})
	}},
	{name: "csrf", about: "a CSRF token", only: every, write: func(w *world) {
		w.visit(func(_ context.Context, s *session.Session) { s.Set("name", "Ada"); s.NewCSRFToken() })
	}},
	{name: "remembered", about: "a session that stays for 30 days, and its cookie too", only: every, write: func(w *world) {
		w.visit(func(_ context.Context, s *session.Session) { fill(s, plain); s.Remember(30 * 24 * time.Hour) })
	}},
	{name: "timeout", about: "an idle timeout of its own", only: every, write: func(w *world) {
		w.visit(func(_ context.Context, s *session.Session) { fill(s, plain); s.AdjustTimeout(2 * time.Hour) })
	}},
	{name: "never", about: "no timeout at all", only: "^(native|native-msgpack|psr|psr-expires)$", settings: map[string]string{"timeout": "0"}, write: set(plain)},
	{name: "absolute", about: "an absolute timeout", only: every, settings: map[string]string{"absolute_timeout": "1h"}, write: set(plain)},
	{name: "expiry", about: "Redis keeps no time to live; the record has the end", only: "^(native|native-msgpack|psr-expires)$", settings: map[string]string{"set_redis_ttl": "false"}, write: set(plain)},
	{name: "expired", about: "Redis keeps no time to live, and the end in the record is over", only: "^(native|native-msgpack|psr-expires)$", readAfter: time.Hour,
		settings: map[string]string{"set_redis_ttl": "false"}, write: set(plain)},
	{name: "cookie-age", about: "the record notes when the cookie was sent", only: every, readAfter: time.Hour,
		settings: map[string]string{"cookie_max_age": "3600", "timeout": "1d"}, write: set(plain)},
	{name: "cookie-fresh", about: "the record notes when the cookie was sent: it is not due again", only: every, readAfter: 2 * time.Minute,
		settings: map[string]string{"cookie_max_age": "3600", "timeout": "1d"}, write: set(plain)},
	{name: "signed-before", about: "the cookie of a secret that is now a previous one", only: every,
		settings: map[string]string{"secret": previousSecret}, readerHas: map[string]string{"secret": secret, "secret_previous": previousSecret}, write: set(plain)},
	{name: "encrypted-before", about: "a record of an encryption key that is now a previous one", only: "^native$",
		settings: map[string]string{"encryption_keys": previousKey}, readerHas: map[string]string{"encryption_keys": encryptionKey, "encryption_keys_previous": previousKey}, write: set(plain)},
	{name: "other-codec", about: "a record of another codec than the reader's", only: "^native(-json|-msgpack|-cbor|-pickle)$",
		readerHas: codec(""), write: set(plain)},
	{name: "login", about: "a user, without a list of sessions", only: every + "|^native-encrypted$", write: login},
	{name: "user", about: "a user in the list of sessions, with a label and a description", only: every, settings: map[string]string{"user_sessions": "true"}, write: login},
	{name: "user-active", about: "a user whose entry in the list of sessions has to be renewed", only: "^(native|prs|psr)$", readAfter: 3 * time.Hour,
		settings: map[string]string{"user_sessions": "true", "timeout": "1d"}, write: func(w *world) {
			login(w)
			w.pass(23 * time.Hour)
			w.visit(func(_ context.Context, s *session.Session) { s.Get("name") })
		}},
	{name: "users-ended", about: "all sessions of the user were ended: the set has an epoch", only: "^(native|prs|psr)$", settings: map[string]string{"user_sessions": "true"},
		write: func(w *world) {
			login(w)
			w.pass(time.Minute)
			if _, err := w.sessions.EndAll(w.t.Context(), "ada"); err != nil {
				w.t.Fatal(err)
			}
		}},
	{name: "tombstone", about: "a login that was ended while it was under way", only: "^(native|prs|psr)$", settings: map[string]string{"user_sessions": "true"},
		readAfter: 2 * time.Second, write: func(w *world) {
			login(w)
			for _, k := range w.redis.Keys() {
				if w.redis.Type(k) == "string" {
					w.redis.Del(k) // by another request
				}
			}
			if _, err := w.sessions.EndAll(w.t.Context(), "ada"); err != nil {
				w.t.Fatal(err)
			}
		}},
	{name: "renewed", about: "the cookie of before a renewal: the old key says where the session went", only: "^native$", readAfter: 2 * time.Second, old: true,
		write: func(w *world) {
			set(plain)(w)
			w.visit(renew(w))
		}},
	{name: "renewed-new", about: "the cookie of after a renewal", only: every, readAfter: 2 * time.Second,
		write: func(w *world) {
			set(plain)(w)
			w.visit(renew(w))
		}},
	{name: "once", about: "one request has claimed a piece of work and has not come back", only: every,
		write: func(w *world) { set(plain)(w); w.visit(claim(w)) }},
	{name: "bound-offered", about: "a login whose browser may still register its key", only: "^native", settings: bound, readAfter: 10 * time.Second, write: login},
	{name: "bound", about: "a session that is bound to its browser, with the bound cookie", only: "^(native|native-msgpack|native-encrypted)$", settings: bound,
		write: func(w *world) { register(w) }},
	{name: "unbound", about: "the cookie of a bound session on another machine", only: "^native$", settings: bound,
		write: func(w *world) {
			register(w)
			session := w.browser.Cookie("session")
			w.browser.Forget()
			w.browser.SetCookie("session", session)
		}},
}

var bound = map[string]string{"device_bound": "on", "user_sessions": "true", "timeout": "1d", "cookie_secure": "true"}

// write returns every session as the present code stores it, and what it reads.
func write(t *testing.T) []*stored {
	t.Helper()
	var all []*stored
	for _, l := range layouts {
		for _, sc := range scenarios {
			if !regexp.MustCompile(sc.only).MatchString(l.name) {
				continue
			}
			t.Run(l.name+"-"+sc.name, func(t *testing.T) {
				all = append(all, sc.record(t, l.name, with(map[string]string{"secret": secret}, l.settings, sc.settings), l.unnamed))
			})
		}
	}
	return all
}

func (sc *scenario) record(t *testing.T, layout string, settings map[string]string, unnamed bool) *stored {
	s := &stored{Name: layout + "-" + sc.name, About: sc.about, Settings: settings, Unnamed: unnamed, Cookies: map[string]string{}}
	w := newWorld(t, "goredis", writtenAt, s, ids(s.Name, settings["format"]))
	sc.write(w)
	if w.after != nil {
		w.after()
	}
	for _, name := range []string{"session", "session_bound"} {
		if value := w.browser.Cookie(name); value != "" {
			s.Cookies[name] = value
		}
	}
	if sc.old {
		s.Cookies["session"] = w.first
	}
	s.Keys = keysOf(t, w, s.Name)
	s.Settings = with(s.Settings, sc.readerHas)
	after := sc.readAfter
	if after == 0 {
		after = 5 * time.Minute
	}
	s.ReadAt = w.now.Add(after)
	s.Reads = s.read(t, "goredis")
	return s
}
