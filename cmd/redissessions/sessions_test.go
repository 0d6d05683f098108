package main_test

import (
	"context"
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/pyramidgo/redissessions/internal/connecttest"
	"github.com/pyramidgo/redissessions/internal/visitor"
	"github.com/pyramidgo/redissessions/session"
)

// deployments are the kinds of server that the tests of sessions run against.
func deployments(t *testing.T, test func(t *testing.T, client redis.UniversalClient, keys map[string]string)) {
	t.Run("redis", func(t *testing.T) {
		srv := connecttest.RedisServer(t)
		test(t, srv.Client(), map[string]string{"url": srv.URL()})
	})
	t.Run("redigo", func(t *testing.T) {
		srv := connecttest.RedisServer(t)
		test(t, srv.Client(), map[string]string{"url": srv.URL(), "custom_connect": "redigo"})
	})
	t.Run("valkey", func(t *testing.T) {
		srv := connecttest.ValkeyServer(t)
		test(t, srv.Client(), map[string]string{"url": srv.URL()})
	})
	t.Run("sentinel", func(t *testing.T) {
		set := connecttest.Sentinels(t)
		test(t, set.Primary.Client(), map[string]string{"url": set.URL()})
	})
	t.Run("cluster", func(t *testing.T) {
		set := connecttest.Cluster(t)
		test(t, set.Client(), map[string]string{"url": set.URL()})
	})
	t.Run("pyramid_session_redis", func(t *testing.T) {
		srv := connecttest.RedisServer(t)
		test(t, srv.Client(), map[string]string{"url": srv.URL(), "format": "pyramid_session_redis"})
	})
	t.Run("pyramid_redis_sessions, a prefix", func(t *testing.T) {
		srv := connecttest.RedisServer(t)
		test(t, srv.Client(), map[string]string{"url": srv.URL(), "format": "pyramid_redis_sessions", "prefix": "shop:"})
	})
	t.Run("encrypted, json", func(t *testing.T) {
		srv := connecttest.RedisServer(t)
		key := strings.TrimSpace(run(t, "", "secret").out)
		hide(key)
		test(t, srv.Client(), map[string]string{"url": srv.URL(), "encode": "json", "decode": "json", "encryption_keys": key, "prefix": "*[shop]?"})
	})
}

var handles = regexp.MustCompile(`[0-9a-f]{64}`)

// handles are those in the output of ls.
func (s *site) handles(args ...string) []string {
	s.t.Helper()
	r := run(s.t, "", append([]string{"ls", "-s", s.file}, args...)...)
	if r.status != 0 {
		s.t.Fatalf("ls: %s%s", r.out, r.err)
	}
	return handles.FindAllString(r.out, -1)
}

// TestSessions is an operator's day, on each kind of server.
func TestSessions(t *testing.T) {
	deployments(t, func(t *testing.T, client redis.UniversalClient, keys map[string]string) {
		keys = maps.Clone(keys)
		keys["user_sessions"] = "true"
		s := newSite(t, keys)
		anonymous, bob := s.newVisitor(""), s.newVisitor("bob")
		alice := []*visitor.Visitor{s.newVisitor("alice"), s.newVisitor("alice"), s.newVisitor("alice")}

		run(t, "", "count", "-s", s.file).wants(t, 0, "sessions            5\n", "logged in         4\n")
		r := run(t, "", "count", "-s", s.file, "--prometheus")
		r.wants(t, 0, "# TYPE redissessions_sessions gauge\n", `redissessions_sessions{cookie="session"} 5`, `redissessions_logged_in_sessions{cookie="session"} 4`)
		if all := s.handles(); len(all) != 5 {
			t.Fatalf("%d sessions are listed", len(all))
		}
		run(t, "", "ls", "-s", s.file, "--limit", "2", "--json").wants(t, 0, `"kind":"session"`)
		of := s.handles("--user", "alice")
		if len(of) != 3 || len(s.handles("--limit", "2")) != 2 {
			t.Fatalf("alice has %v", of)
		}
		run(t, "", "ls", "-s", s.file, "--user", "nobody").wants(t, 0, "nobody has no session")

		// Of a handle, whole or in part; the values only where they are asked for.
		r = run(t, "", "show", "-s", s.file, of[0])
		r.wants(t, 0, "It is a live session.", "basket", "in its user's index  yes", of[0])
		if strings.Contains(r.out, "a book") || strings.Contains(r.out, "alice") {
			t.Errorf("values are shown unasked:\n%s", r.out)
		}
		run(t, "", "show", "-s", s.file, of[0][:16], "--values").wants(t, 0, `["a book",3]`, "alice", `of a visitor\u001b[31m`, `"a key\x1b[2J"`)
		run(t, "", "show", "-s", s.file, strings.Repeat("0", 64)).wants(t, 1)
		run(t, "", "show", "-s", s.file, "nonsense").wants(t, 2, "no handle")

		// Of a cookie, and its end.
		cookie := bob.Cookie("session")
		for _, text := range []string{cookie, "session=" + cookie, "Cookie: lang=de; session=" + cookie + "\n"} {
			run(t, text, "show", "-s", s.file).wants(t, 0, "signed with redis.sessions.secret.", "It is a live session.", "note")
		}
		handle := s.handles("--user", "bob")[0]
		run(t, "", "end", "-s", s.file, handle).wants(t, 0, "1 session ended")
		run(t, "", "end", "-s", s.file, handle).wants(t, 1)
		run(t, cookie, "show", "-s", s.file).wants(t, 1, "signed with redis.sessions.secret.", "there is no record of the session")
		if s.here(bob) || !s.here(alice[0]) {
			t.Error("another session than bob's was ended")
		}
		if n := len(s.handles("--user", "bob")); n != 0 {
			t.Errorf("bob has %d sessions", n)
		}

		// Of a user.
		run(t, "", "end", "-s", s.file, "--user", "alice", "--others-than", strings.Repeat("0", 20)).wants(t, 1, "nothing was ended")
		run(t, "", "end", "-s", s.file, "--user", "alice", "--others-than", of[1][:12]).wants(t, 0, "2 sessions ended")
		if left := s.handles("--user", "alice"); len(left) != 1 || left[0] != of[1] {
			t.Errorf("alice has %v, want %v", left, of[1])
		}
		run(t, "", "end", "-s", s.file, "--user", "alice").wants(t, 0, "1 session ended")

		// All; a pipe has nobody to ask.
		run(t, "", "end", "-s", s.file, "--all").wants(t, 2, "--yes")
		if !s.here(anonymous) {
			t.Fatal("it did not ask")
		}
		if err := client.Set(t.Context(), "another program's", "text of its own", 0).Err(); err != nil {
			t.Fatal(err)
		}
		run(t, "", "end", "-s", s.file, "--all", "--yes").wants(t, 0, "1 session ended")
		if s.here(anonymous) || len(s.handles()) != 0 {
			t.Error("a session is left")
		}
		if client.Exists(t.Context(), "another program's").Val() != 1 {
			t.Error("a key of another program was removed")
		}
	})
}

// TestShowInfoHandle: with its user a session is found by the handle that the application has
// from Factory.Sessions, also after a renewal, and by that of ls.
func TestShowInfoHandle(t *testing.T) {
	for _, format := range []string{"native", "pyramid_redis_sessions", "pyramid_session_redis"} {
		t.Run(format, func(t *testing.T) {
			srv := connecttest.RedisServer(t)
			s := newSite(t, map[string]string{"url": srv.URL(), "user_sessions": "true", "format": format})
			alice := s.newVisitor("alice")
			s.newVisitor("alice")
			s.newVisitor("bob")
			infos, err := s.f.Sessions(t.Context(), "alice")
			if err != nil || len(infos) != 2 {
				t.Fatal(infos, err)
			}
			of := s.handles("--user", "alice")
			shown := map[string]bool{}
			for _, info := range infos {
				r := run(t, "", "show", "-s", s.file, "--user", "alice", strings.ToUpper(info.Handle))
				r.wants(t, 0, "It is a live session.", "basket")
				shown[handles.FindString(r.out)] = true
				run(t, "", "show", "-s", s.file, "--user", "bob", info.Handle).wants(t, 1, "no session with that handle")
				run(t, "", "show", "-s", s.file, info.Handle).wants(t, 1, "no session with that handle", "--user USER")
			}
			for _, handle := range of {
				if !shown[handle] {
					t.Errorf("%s is not among the shown %v", handle, shown)
				}
				run(t, "", "show", "-s", s.file, "--user", "alice", handle[:16]).wants(t, 0, handle)
				run(t, "", "show", "-s", s.file, "--user", "bob", handle).wants(t, 1, "no session with that handle")
			}
			s.visit(alice, func(ctx context.Context, sess *session.Session) error { return sess.Renew(ctx) })
			for _, info := range infos {
				run(t, "", "show", "-s", s.file, info.Handle, "-u", "alice").wants(t, 0, "It is a live session.")
			}
			run(t, "", "show", "-s", s.file, "--user", "alice").wants(t, 2, "ls --user")
			run(t, "", "show", "-s", s.file, "--user", "alice", "nonsense").wants(t, 2, "no handle")
			off := settingsFile(t, map[string]string{"url": srv.URL(), "format": format})
			run(t, "", "show", "-s", off, "--user", "alice", infos[0].Handle).wants(t, 2, "user_sessions is off")
		})
	}
}

// TestShowWhy: why a visitor was logged out, for each reason there is.
func TestShowWhy(t *testing.T) {
	srv := connecttest.RedisServer(t)
	keys := map[string]string{"url": srv.URL(), "user_sessions": "true"}
	s := newSite(t, keys)
	v := s.newVisitor("alice")
	cookie := v.Cookie("session")
	show := func(more map[string]string, in string, texts ...string) {
		t.Helper()
		all := maps.Clone(keys)
		maps.Copy(all, more)
		run(t, in, "show", "-s", settingsFile(t, all)).wants(t, 1, texts...)
	}
	other := "another-hunter2-secret-another-hunter2"
	hide(other)
	show(map[string]string{"secret": other}, cookie, "not signed with any of the secrets", "secret_previous")
	show(nil, cookie[:len(cookie)-1], "none of the 1 secrets")
	show(nil, "theme=dark; lang=de", `no cookie named "session"`)
	show(map[string]string{"format": "pyramid_session_redis"}, cookie, "cookie of the format native")
	show(map[string]string{"valid_since": time.Now().Add(time.Hour).UTC().Format(time.RFC3339)}, cookie, "valid_since")
	show(map[string]string{"db": "0", "prefix": "elsewhere:"}, cookie, "there is no record")
	rotated := run(t, cookie, "show", "-s", settingsFile(t, map[string]string{"url": srv.URL(), "secret": other, "secret_previous": secret}))
	rotated.wants(t, 0, "number 1 in redis.sessions.secret_previous")

	// A renewal leaves a marker that leads to the new ID.
	s.visit(v, func(ctx context.Context, sess *session.Session) error { return sess.Renew(ctx) })
	show(nil, cookie, "it was renewed", "It goes on as:", "basket")
	run(t, "", "count", "-s", s.file).wants(t, 0, "sessions            1\n")
	if len(s.handles("--all")) < 2 {
		t.Error("--all does not list the markers")
	}
	cookie = v.Cookie("session")

	// A record that no session can be made of.
	client := srv.Client()
	for _, key := range client.Keys(t.Context(), "session:*").Val() {
		if client.Type(t.Context(), key).Val() == "string" && client.StrLen(t.Context(), key).Val() > 140 {
			client.SetRange(t.Context(), key, 3, "z")
		}
	}
	show(nil, cookie, "cannot be read")
	run(t, "", "count", "-s", s.file).wants(t, 0, "unreadable          1\n")

	// An encrypted one, without its key.
	key := strings.TrimSpace(run(t, "", "secret").out)
	hide(key)
	sealed := newSite(t, map[string]string{"url": srv.URL(), "encryption_keys": key})
	show(nil, sealed.newVisitor("").Cookie("session"), "encrypted", "encryption_keys")
}

// TestShowSeveralCookies: of several cookies of the name show takes the one that the
// application takes.
func TestShowSeveralCookies(t *testing.T) {
	srv := connecttest.RedisServer(t)
	for _, format := range []string{"native", "pyramid_redis_sessions", "pyramid_session_redis"} {
		s := newSite(t, map[string]string{"url": srv.URL(), "format": format, "encode": "json", "decode": "json"})
		show := func(status int, cookies ...string) string {
			t.Helper()
			in := "Cookie: theme=dark"
			for _, c := range cookies {
				in += "; session=" + c
			}
			r := run(t, in+"\n", "show", "-s", s.file, "--json")
			r.wants(t, status)
			var found struct{ Session struct{ Handle string } }
			if err := json.Unmarshal([]byte(r.out), &found); err != nil {
				t.Errorf("%v: %s", err, r.out)
			}
			return found.Session.Handle
		}
		one, two, gone := s.newVisitor("").Cookie("session"), s.newVisitor("").Cookie("session"), s.newVisitor("")
		over := gone.Cookie("session")
		s.visit(gone, func(ctx context.Context, sess *session.Session) error { return sess.Invalidate(ctx) })
		first, second := show(0, one), show(0, two)
		taken := first
		if format != "native" {
			taken = second
		}
		if got := show(0, one, two); got != taken || first == second {
			t.Errorf("%s: of two sessions %q is shown, want %q", format, got, taken)
		}
		for _, cookies := range [][]string{{over, one}, {one, over}, {"forged", one}, {one, "forged"}} {
			if got := show(0, cookies...); got != first {
				t.Errorf("%s: the live session is not shown: %q", format, got)
			}
		}
		show(1, over, "forged")
		show(1, "forged", over)
		if format != "native" {
			continue
		}
		v := s.newVisitor("")
		old := v.Cookie("session")
		s.visit(v, func(ctx context.Context, sess *session.Session) error { return sess.Renew(ctx) })
		renewed := show(1, old)
		if got := show(0, old, one); got != first {
			t.Errorf("a renewed session hides the live one: %q", got)
		}
		if got := show(1, old, over); got != renewed {
			t.Errorf("of a renewed session and one that is gone %q is shown", got)
		}
	}
}

// TestCookieSignedElsewhere: a signer that only the application has.
func TestCookieSignedElsewhere(t *testing.T) {
	srv := connecttest.RedisServer(t)
	s := newSite(t, map[string]string{"url": srv.URL(), "user_sessions": "true"})
	s.newVisitor("alice")
	file := settingsFile(t, map[string]string{"url": srv.URL(), "user_sessions": "true", "secret": "", "cookie_signer": "corporate"})
	run(t, "", "check", "-s", file).wants(t, 0, "known to the application only", "corporate")
	run(t, "x", "show", "-s", file).wants(t, 2, "cookie_signer", "handle")
	run(t, "", "count", "-s", file).wants(t, 0, "sessions            1\n")
	run(t, "", "end", "-s", file, "--user", "alice").wants(t, 0, "1 session ended")
}

// TestReindex: an index that was lost, and users who logged in before there was one.
func TestReindex(t *testing.T) {
	for _, format := range []string{"native", "pyramid_redis_sessions", "pyramid_session_redis"} {
		t.Run(format, func(t *testing.T) {
			srv := connecttest.RedisServer(t)
			before := newSite(t, map[string]string{"url": srv.URL(), "format": format})
			early := before.newVisitor("alice")
			run(t, "", "ls", "-s", before.file, "--user", "alice").wants(t, 2, "user_sessions is off")
			run(t, "", "reindex", "-s", before.file).wants(t, 2, "user_sessions is off")

			s := newSite(t, map[string]string{"url": srv.URL(), "format": format, "user_sessions": "true"})
			late := s.newVisitor("alice")
			s.newVisitor("")
			client := srv.Client()
			for _, key := range client.Keys(t.Context(), "*u:*").Val() {
				client.Del(t.Context(), key)
			}
			if n := len(s.handles("--user", "alice")); n != 0 {
				t.Fatalf("%d sessions without an index", n)
			}
			for range 2 {
				run(t, "", "reindex", "-s", s.file).wants(t, 0, "2 sessions are in the indexes")
			}
			if n := len(s.handles("--user", "alice")); n != 2 {
				t.Errorf("alice has %d sessions", n)
			}
			infos, err := s.f.Sessions(t.Context(), "alice")
			if err != nil || len(infos) != 2 {
				t.Errorf("the application lists %d sessions: %v", len(infos), err)
			}
			if n, err := s.f.EndAll(t.Context(), "alice"); err != nil || n != 2 || s.here(early) || s.here(late) {
				t.Errorf("the application ends %d sessions: %v", n, err)
			}
		})
	}
}

// TestConvert: a dry run writes nothing; afterwards an application with the other settings
// reads the sessions, whose time to live has stayed.
func TestConvert(t *testing.T) {
	srv := connecttest.RedisServer(t)
	key := strings.TrimSpace(run(t, "", "secret").out)
	hide(key)
	for name, c := range map[string]struct{ from, to map[string]string }{
		"codec and key":     {nil, map[string]string{"encode": "json", "decode": "json", "encryption_keys": key}},
		"prefix":            {nil, map[string]string{"prefix": "shop:"}},
		"pyramid, pyramid":  {map[string]string{"format": "pyramid_redis_sessions"}, map[string]string{"format": "pyramid_session_redis"}},
		"pyramid to native": {map[string]string{"format": "pyramid_session_redis"}, map[string]string{"format": "native"}},
	} {
		t.Run(name, func(t *testing.T) {
			client := srv.Client()
			client.FlushAll(t.Context())
			with := func(more map[string]string) map[string]string {
				all := map[string]string{"url": srv.URL(), "timeout": "1h"}
				maps.Copy(all, more)
				return all
			}
			s := newSite(t, with(c.from))
			for i := range 3 {
				s.newVisitor([]string{"", "alice", "bob"}[i])
			}
			to := newSite(t, with(c.to))
			before := dump(t, client)
			run(t, "", "convert", "-s", s.file, "--to-settings", to.file, "--dry-run").wants(t, 0, "3 sessions would be converted, 0 would not")
			if after := dump(t, client); !maps.Equal(before, after) {
				t.Error("the dry run has written")
			}
			run(t, "", "convert", "-s", s.file, "--to-settings", to.file).wants(t, 2, "--yes")
			run(t, "", "convert", "-s", s.file, "--to-settings", to.file, "--yes").wants(t, 0, "3 sessions were converted")
			run(t, "", "count", "-s", to.file).wants(t, 0, "sessions            3\n", "logged in         2\n")
			all := to.handles()
			for _, h := range all[:3] {
				run(t, "", "show", "-s", to.file, h, "--values").wants(t, 0, `["a book",3]`, "59m")
			}
			// Again: there is nothing to do, or it is done once more.
			again := run(t, "", "convert", "-s", s.file, "--to-settings", to.file, "--yes")
			again.wants(t, 0, " 0 did not come through")
		})
	}
}

// TestConvertRefuses: what cannot be, and what does not come through.
func TestConvertRefuses(t *testing.T) {
	srv := connecttest.RedisServer(t)
	s := newSite(t, map[string]string{"url": srv.URL()})
	s.newVisitor("")
	run(t, "", "convert", "-s", s.file, "--to", "pyramid_redis_sessions", "--dry-run").wants(t, 2, "stores no ID")
	run(t, "", "convert", "-s", s.file, "--to", "pickled").wants(t, 2, "go.redis.sessions.format")
	run(t, "", "convert", "-s", s.file).wants(t, 2, "--to")

	// Another program's record, and one without an end.
	client := srv.Client()
	client.Set(t.Context(), "0123", "not a pickle at all, that is for sure", 0)
	p := settingsFile(t, map[string]string{"url": srv.URL() + "/1", "format": "pyramid_redis_sessions"})
	db1 := redis.NewClient(&redis.Options{Addr: srv.Addr(), DB: 1})
	defer db1.Close()
	db1.Set(t.Context(), "0123", "not a pickle at all, that is for sure", 0)
	r := run(t, "", "convert", "-s", p, "--to", "native", "--dry-run")
	r.wants(t, 1, "cannot be decoded", "0 sessions would be converted, 1 would not")
	if len(handles.FindAllString(r.out, -1)) != 1 {
		t.Errorf("the record is not named:\n%s", r.out)
	}
}

// dump is all that is stored.
func dump(t *testing.T, client *redis.Client) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, key := range client.Keys(t.Context(), "*").Val() {
		all[key], _ = client.Dump(t.Context(), key).Result()
	}
	return all
}

// TestReplica: what only reads works where no session can be saved.
func TestReplica(t *testing.T) {
	srv, replica := connecttest.RedisServer(t), connecttest.RedisServer(t)
	s := newSite(t, map[string]string{"url": srv.URL()})
	s.newVisitor("")
	if err := replica.Client().ReplicaOf(t.Context(), "127.0.0.1", strconv.Itoa(srv.Port)).Err(); err != nil {
		t.Fatal(err)
	}
	connecttest.Eventually(t, time.Minute, func() error {
		return replica.Client().Get(t.Context(), srv.Client().Keys(t.Context(), "*").Val()[0]).Err()
	})
	file := settingsFile(t, map[string]string{"url": replica.URL()})
	run(t, "", "count", "-s", file).wants(t, 0, "sessions            1\n")
	run(t, "", "end", "-s", file, "--all", "--yes").wants(t, 2, "READONLY")
}

// TestNoRightToScan names the right that is missing.
func TestNoRightToScan(t *testing.T) {
	srv := connecttest.RedisServer(t, "user web on >"+password+" ~session:* resetchannels -@all +ping +get +getex +set +pttl +pexpire +persist +exists +getrange +unlink +eval +evalsha")
	file := settingsFile(t, map[string]string{"host": "127.0.0.1", "port": strconv.Itoa(srv.Port), "username": "web", "password": password})
	for _, cmd := range []string{"count", "ls"} {
		run(t, "", cmd, "-s", file).wants(t, 2, "may not run SCAN", "+scan")
	}
	// docs/command.md says what to add.
	if err := srv.Client().Do(t.Context(), "acl", "setuser", "web", "+scan", "+strlen", "+dbsize").Err(); err != nil {
		t.Fatal(err)
	}
	for _, cmd := range []string{"count", "ls"} {
		run(t, "", cmd, "-s", file).wants(t, 0)
	}
}

// TestListJSON: one object a line, whose members are those of docs.
func TestListJSON(t *testing.T) {
	srv := connecttest.RedisServer(t)
	s := newSite(t, map[string]string{"url": srv.URL()})
	s.newVisitor("")
	s.newVisitor("alice")
	r := run(t, "", "ls", "-s", s.file, "--json")
	var names []string
	for line := range strings.Lines(r.out) {
		var o map[string]any
		if err := json.Unmarshal([]byte(line), &o); err != nil {
			t.Fatal(err)
		}
		names = slices.Sorted(maps.Keys(o))
	}
	want := "created encrypted ends handle idle_left_seconds idle_timeout_seconds indexed kind logged_in size"
	if got := strings.Join(names, " "); got != want {
		t.Errorf("%s", got)
	}
}
