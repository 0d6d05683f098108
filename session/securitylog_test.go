package session_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pyramidgo/redissessions/session"
)

// securityLog returns an edit of Options with a security log, and what returns its lines
// since the last call: without the time, and without the lines at Debug.
func securityLog(opts ...session.LogOption) (edit func(*session.Options), lines func() []string) {
	var out bytes.Buffer
	handler := slog.NewTextHandler(&out, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}})
	log := session.LogTo(slog.New(handler), opts...)
	return func(o *session.Options) { discardLog(o); o.Observer = log }, func() []string {
		text := strings.TrimSpace(out.String())
		out.Reset()
		if text == "" {
			return nil
		}
		return strings.Split(text, "\n")
	}
}

func withLines(t *testing.T, what string, lines, want []string) {
	t.Helper()
	if !slices.Equal(lines, want) {
		t.Errorf("%s:\n got %s\nwant %s", what, strings.Join(lines, "\n     "), strings.Join(want, "\n     "))
	}
}

func TestSecurityLogOfLogins(t *testing.T) {
	for _, format := range formats {
		edit, lines := securityLog()
		f := newUsersFactory(t, newMemUsers(), format, func(o *session.Options) { edit(o); o.Users.Max = 2 })
		v := newVisitor(t, f)
		login := func(v *siteVisitor) {
			v.visit(func(s *session.Session) {
				if err := s.Login(t.Context(), "alice"); err != nil {
					t.Error(err)
				}
			})
		}
		login(v)
		v.visit(func(s *session.Session) { s.Set("k", "v") })
		v.visit(func(s *session.Session) { _ = s.Invalidate(t.Context()) })
		withLines(t, "login and logout", lines(), []string{
			`level=INFO msg="session: login" cookie=session method=GET route=/ sessions=1`,
			`level=INFO msg="session: logout" cookie=session method=GET route=/ cause=logout`,
		})
		for range 3 {
			login(newVisitor(t, f))
		}
		if _, err := f.EndAll(context.Background(), "alice"); err != nil {
			t.Error(err)
		}
		withLines(t, "eviction and revocation", lines(), []string{
			`level=INFO msg="session: login" cookie=session method=GET route=/ sessions=1`,
			`level=INFO msg="session: login" cookie=session method=GET route=/ sessions=2`,
			`level=INFO msg="session: ended" cookie=session method=GET route=/ cause=evicted`,
			`level=INFO msg="session: login" cookie=session method=GET route=/ sessions=2`,
			`level=INFO msg="session: revoked" cookie=session cause=revoked`,
			`level=INFO msg="session: revoked" cookie=session cause=revoked`,
		})
	}
}

func TestSecurityLogHasUserNamesWhenAsked(t *testing.T) {
	for _, opts := range [][]session.LogOption{nil, {session.WithUserNames()}} {
		edit, lines := securityLog(opts...)
		f := newUsersFactory(t, newMemUsers(), session.FormatNative, edit)
		newVisitor(t, f).visit(func(s *session.Session) { _ = s.Login(t.Context(), "alice") })
		if got := lines(); len(got) != 1 || strings.Contains(got[0], "user=alice") != (len(opts) > 0) {
			t.Errorf("with %d options: %q", len(opts), got)
		}
	}
}

// TestSecurityLogOfForgedCookies: a flood of them is a line a minute.
func TestSecurityLogOfForgedCookies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		edit, lines := securityLog()
		v := newVisitor(t, newTestFactory(t, newMemStore(), edit))
		v.keep(&http.Cookie{Name: "session", Value: "forged"})
		for range 600 {
			v.visit(func(*session.Session) {})
			pass(time.Second)
		}
		got := lines()
		if len(got) != 10 || !strings.Contains(got[1], "level=INFO") || !strings.Contains(got[1], "a forged cookie") || !strings.Contains(got[1], "times=60") {
			t.Errorf("%d lines:\n%s", len(got), strings.Join(got, "\n"))
		}
	})
}

func TestSecurityLogOfAnOldSecret(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newMemStore()
		edit, lines := securityLog()
		before := newTestFactory(t, store, edit)
		visitors := []*siteVisitor{newVisitor(t, before), newVisitor(t, before)}
		after := newTestFactory(t, store, func(o *session.Options) {
			edit(o)
			o.Secret, o.PreviousSecrets = "the next secret, of more than 32 bytes", []string{testSecret}
		})
		for _, v := range visitors {
			v.visit(func(s *session.Session) { s.Set("k", "v") })
			v.at(after).visit(func(*session.Session) {})
			v.at(after).visit(func(*session.Session) {})
		}
		withLines(t, "two visitors", lines(), []string{
			`level=INFO msg="session: a cookie with an old secret is still in use" cookie=session method=GET route=/ times=1`,
		})
	})
}

// TestSecurityLogOfAnOutage: one error for an outage, however many requests it meets, and
// also where some commands succeed.
func TestSecurityLogOfAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newMemStore()
		edit, lines := securityLog()
		f := newTestFactory(t, store, edit)
		v := newVisitor(t, f)
		v.visit(func(s *session.Session) { s.Set("k", "v") })
		read := func(seconds int, failing func(n int) bool) {
			for n := range seconds {
				if store.err = nil; failing(n) {
					store.err = errors.New("connection refused")
				}
				v.serve(func(_ http.ResponseWriter, r *http.Request) { _, _ = f.Get(r) })
				pass(time.Second)
			}
		}
		read(5, func(int) bool { return false })
		read(90, func(n int) bool { return n%3 > 0 })
		read(30, func(int) bool { return false })
		withLines(t, "an outage of a minute and a half", lines(), []string{
			`level=ERROR msg="session: the store fails" cookie=session method=GET route=/ op=load error="session: load: connection refused"`,
			`level=WARN msg="session: the store still fails" cookie=session method=GET route=/ failures=41 for=1m0s error="session: load: connection refused"`,
			`level=INFO msg="session: the store answers again" cookie=session method=GET route=/ failures=60 after=1m38s`,
		})
		read(1, func(int) bool { return true })
		if got := lines(); len(got) != 1 || !strings.Contains(got[0], "level=ERROR") {
			t.Errorf("another outage: %q", got)
		}
	})
}

func TestSecurityLogOfRecords(t *testing.T) {
	for _, format := range formats {
		edit, lines := securityLog()
		store := newMemStore()
		v := newVisitor(t, newTestFactory(t, store, edits(ofFormat(format), edit)))
		v.visit(func(s *session.Session) { s.Set("k", "v") })
		for key, r := range store.records {
			r.data = []byte("what is this")
			store.records[key] = r
		}
		v.visit(func(*session.Session) {})
		if got := lines(); len(got) != 1 || !strings.HasPrefix(got[0], `level=WARN msg="session: a record cannot be decoded"`) {
			t.Errorf("%s: %q", format, got)
		}
	}
}

// TestSecurityLogRoute: the pattern, else what WithRoute says, else the path.
func TestSecurityLogRoute(t *testing.T) {
	for _, c := range []struct {
		name, target, want string
		opts               []session.LogOption
		mux                bool
	}{
		{"a pattern", "/reset/topsecret", `route="GET /reset/{token}"`, []session.LogOption{session.WithRoute(func(*http.Request) string { return "wrong" })}, true},
		{"a function", "/reset/topsecret", "route=reset-password", []session.LogOption{session.WithRoute(func(*http.Request) string { return "reset-password" })}, false},
		{"a function that does not know", "/a?token=topsecret", "route=/a ", []session.LogOption{session.WithRoute(func(*http.Request) string { return "" })}, false},
		{"the path", "/a/b?token=topsecret", "route=/a/b ", nil, false},
	} {
		edit, lines := securityLog(c.opts...)
		f := newUsersFactory(t, newMemUsers(), session.FormatNative, edit)
		var page http.Handler = withSession(t, f, func(s *session.Session) { _ = s.Login(t.Context(), "alice") })
		if c.mux {
			mux := http.NewServeMux()
			mux.Handle("GET /reset/{token}", page)
			page = mux
		}
		newVisitor(t, f).Get(f.Handler(page), c.target)
		if got := strings.Join(lines(), "\n"); !strings.Contains(got, c.want) || strings.Contains(got, "topsecret") {
			t.Errorf("%s: %s", c.name, got)
		}
	}
}

// TestSecurityLogOfABurst: the forged cookies after the first line are counted in another,
// also when no more come.
func TestSecurityLogOfABurst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		edit, lines := securityLog()
		f := newTestFactory(t, newMemStore(), edit)
		v := newVisitor(t, f)
		v.keep(&http.Cookie{Name: "session", Value: "forged"})
		burst := func() {
			for range 1000 {
				v.visit(func(*session.Session) {})
			}
		}
		burst()
		pass(time.Hour)
		synctest.Wait()
		withLines(t, "a burst", lines(), []string{
			`level=INFO msg="session: a forged cookie" cookie=session method=GET route=/ times=1`,
			`level=INFO msg="session: a forged cookie" cookie=session method=GET route=/ times=999`,
		})
		pass(time.Hour)
		synctest.Wait()
		withLines(t, "an hour without any", lines(), nil)
		for range 5 { // a line falls due between the bursts, and is not written twice
			burst()
			pass(70 * time.Second)
		}
		pass(time.Hour)
		synctest.Wait()
		total := 0
		for _, line := range lines() {
			_, times, _ := strings.Cut(line, "times=")
			n, err := strconv.Atoi(times)
			if err != nil {
				t.Error(line)
			}
			total += n
		}
		if total != 5000 {
			t.Errorf("the lines count %d of 5000 cookies", total)
		}
	})
}

// TestSecurityLogOfARefusedCreate: a store that refuses new sessions fails, and an
// AllowCookie hook that refuses their cookies does not.
func TestSecurityLogOfARefusedCreate(t *testing.T) {
	edit, lines := securityLog()
	store := newMemStore()
	f := newTestFactory(t, store, edit)
	store.err = fmt.Errorf("NOPERM: %w", session.ErrRefused)
	newVisitor(t, f).serve(withSession(t, f, func(s *session.Session) { s.Set("k", "v") }).ServeHTTP)
	if got := lines(); len(got) != 1 || !strings.HasPrefix(got[0], `level=ERROR msg="session: the store fails"`) {
		t.Errorf("the store refuses: %q", got)
	}
	f = newTestFactory(t, newMemStore(), edits(edit, func(o *session.Options) {
		o.AllowCookie = func(http.Header) bool { return false }
	}))
	newVisitor(t, f).visit(func(s *session.Session) { s.Set("k", "v") })
	withLines(t, "the hook refuses", lines(), nil)
}

// TestSecurityLogOfAnOutageWithoutCommands: what fails before it is sent to the store does
// not end an outage.
func TestSecurityLogOfAnOutageWithoutCommands(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		edit, lines := securityLog()
		store := newMemStore()
		f := newTestFactory(t, store, edits(edit, func(o *session.Options) { o.MaxRecordBytes = 1000 }))
		store.err = errors.New("connection refused")
		write := func(n int) {
			newVisitor(t, f).serve(withSession(t, f, func(s *session.Session) { s.Set("k", strings.Repeat("x", n)) }).ServeHTTP)
		}
		write(1)
		pass(time.Minute / 2)
		write(2000)
		if got := lines(); len(got) != 1 {
			t.Errorf("the store has not answered: %q", got)
		}
	})
}

// lateHandler panics when it is called after it was closed, as one that writes to a test's
// log does.
type lateHandler struct {
	slog.Handler
	closed, late *atomic.Bool
}

func (h lateHandler) Handle(ctx context.Context, r slog.Record) error {
	if h.closed.Load() {
		h.late.Store(true)
		panic("Log in goroutine after the test has completed")
	}
	return h.Handler.Handle(ctx, r)
}

// TestSecurityLogAfterItsEnd: the line that a timer writes does not end the program, where
// the logger cannot be used any more.
func TestSecurityLogAfterItsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var closed, late atomic.Bool
		log := slog.New(lateHandler{slog.NewTextHandler(io.Discard, nil), &closed, &late})
		f := newTestFactory(t, newMemStore(), func(o *session.Options) { discardLog(o); o.Observer = session.LogTo(log) })
		v := newVisitor(t, f)
		v.keep(&http.Cookie{Name: "session", Value: "forged"})
		for range 2 {
			v.visit(func(*session.Session) {})
		}
		closed.Store(true)
		pass(time.Hour)
		synctest.Wait()
		if !late.Load() {
			t.Error("the handler was not called")
		}
	})
}
