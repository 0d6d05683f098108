package handlertest_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pyramidgo/redissessions/session"
	"github.com/pyramidgo/redissessions/session/handlertest"
	"github.com/pyramidgo/redissessions/settings"
)

// recorder is the test of a user's that fails.
type recorder struct {
	testing.TB

	mu       sync.Mutex
	failures []string
}

func (r *recorder) Errorf(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failures = append(r.failures, fmt.Sprintf(format, args...))
}

func (r *recorder) Fatalf(format string, args ...any) {
	r.Errorf(format, args...)
	runtime.Goexit()
}

// failing runs a test that is to fail, and returns how it failed.
func failing(t *testing.T, test func(t testing.TB)) []string {
	t.Helper()
	var r *recorder
	t.Run("failing", func(t *testing.T) {
		r = &recorder{TB: t}
		done := make(chan struct{})
		go func() {
			defer close(done)
			test(r)
		}()
		<-done
	})
	if len(r.failures) == 0 {
		t.Error("it did not fail")
	}
	return r.failures
}

// page answers by what use returns.
func page(use func(s *session.Session) string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s, err := session.FromRequest(r); err == nil {
			fmt.Fprint(w, use(s))
		}
	})
}

func user(s *session.Session) string {
	u, _ := session.Value[string](s, "user")
	return u
}

func text(t *testing.T, resp *http.Response) string {
	t.Helper()
	b := new(strings.Builder)
	if err := resp.Write(b); err != nil {
		t.Fatal(err)
	}
	_, body, _ := strings.Cut(b.String(), "\r\n\r\n")
	return body
}

// each runs a test with a kit of each format.
func each(t *testing.T, test func(t *testing.T, k *handlertest.Kit)) {
	for _, format := range []session.Format{session.FormatNative, session.FormatPyramidRedisSessions, session.FormatPyramidSessionRedis} {
		t.Run(format.String(), func(t *testing.T) {
			t.Parallel()
			test(t, handlertest.New(t, handlertest.WithOptions(session.Options{Format: format})))
		})
	}
}

func TestSetAndSession(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, k *handlertest.Kit) {
		ada, bob := k.Visitor(), k.Visitor()
		if got := ada.Session(); len(got) != 0 || got == nil {
			t.Errorf("a new visitor has %v", got)
		}
		ada.Set("user", "ada")
		ada.Set("n", 41)
		ada.Set("cart", []any{1, "book", map[string]any{"n": 2}})
		if got := ada.Get(page(user), "/"); text(t, got) != "ada" {
			t.Error("the handler does not see what was set")
		}
		ada.Get(page(func(s *session.Session) string {
			session.Modify(s, "n", func(n int) int { return n + 1 })
			s.Flash("", "hello")
			s.Flash("news", 7)
			return ""
		}), "/")
		want := map[string]any{"user": "ada", "n": 42, "cart": []any{1, "book", map[string]any{"n": 2}}}
		if got := ada.Session(); !reflect.DeepEqual(got, want) {
			t.Errorf("%#v, want %#v", got, want)
		}
		if n, ok := handlertest.Value[int64](ada, "n"); n != 42 || !ok {
			t.Errorf("%d, %t", n, ok)
		}
		if _, ok := handlertest.Value[int](ada, "user"); ok {
			t.Error("text is a number")
		}
		for range 2 {
			if got := ada.Flashes(""); !reflect.DeepEqual(got, []any{"hello"}) {
				t.Errorf("the messages are %v", got)
			}
			if got := ada.Flashes("news"); !reflect.DeepEqual(got, []any{7}) {
				t.Errorf("the messages are %v", got)
			}
		}
		if len(bob.Session()) != 0 || len(bob.Flashes("")) != 0 {
			t.Error("another visitor sees it")
		}
		ada.Login("ada lovelace")
		if ada.User() != "ada lovelace" || len(ada.Session()) != 3 {
			t.Errorf("%q, %v", ada.User(), ada.Session())
		}
		ada.Logout()
		if ada.User() != "" || len(ada.Session()) != 0 {
			t.Errorf("after the logout: %q, %v", ada.User(), ada.Session())
		}
		ada.Set("n", 1)
		if ada.Cookie("session") == "" {
			t.Error("no cookie")
		}
		if ada.Forget(); ada.Cookie("session") != "" || len(ada.Session()) != 0 {
			t.Error("the cookies are not forgotten")
		}
	})
}

func TestCSRFToken(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, k *handlertest.Kit) {
		h := new(session.CSRFProtection).Handler(page(func(*session.Session) string { return "done" }))
		status := func(v *handlertest.Visitor, method, token, contentType, body string) int {
			r := httptest.NewRequest(method, "/", strings.NewReader(body))
			if token != "" {
				r.Header.Set(session.CSRFHeader, token)
			}
			if contentType != "" {
				r.Header.Set("Content-Type", contentType)
			}
			return v.Do(h, r).StatusCode
		}
		const form = "application/x-www-form-urlencoded"
		for _, method := range []string{"POST", "PUT", "PATCH", "DELETE"} {
			if got := status(k.Visitor(), method, "", "", ""); got != http.StatusOK {
				t.Errorf("%s: %d", method, got)
			}
		}
		ada := k.Visitor()
		ada.Set("n", 1)
		for _, tt := range []struct {
			token, contentType, body string
			want                     int
		}{
			{"", "", "{}", 200},
			{"", form, "a=b", 200},
			{"a guess", form, "a=b", 403},
			{"", form, "csrf_token=a+guess", 403},
			{"", form, "csrf_token=", 403},
			{"", "multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"csrf_token\"\r\n\r\na guess\r\n--x--\r\n", 403},
			{"", "multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nb\r\n--x--\r\n", 200},
		} {
			if got := status(ada, "POST", tt.token, tt.contentType, tt.body); got != tt.want {
				t.Errorf("%+v: %d", tt, got)
			}
		}
		if got := ada.Session(); !reflect.DeepEqual(got, map[string]any{"n": 1}) {
			t.Errorf("the token is among the values: %v", got)
		}
		if got := ada.Get(h, "/").StatusCode; got != http.StatusOK {
			t.Errorf("GET: %d", got)
		}
		// The handler gets the whole form.
		ada.Post(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			if r.FormValue("a") != "b" || r.FormValue("c") != "d e" {
				t.Errorf("the form is %v", r.Form)
			}
		}), "/", url.Values{"a": {"b"}, "c": {"d e"}})
	})
}

// The visitor's cookie, the record and the store's time to live end together.
func TestAdvance(t *testing.T) {
	t.Parallel()
	for name, options := range map[string]session.Options{
		"time to live": {},
		"record":       {ExpiryInRecord: true},
		"cookie":       {IdleTimeout: session.Never, Cookie: session.CookieOptions{MaxAge: 20 * time.Minute}},
		"absolute":     {IdleTimeout: session.Never, AbsoluteTimeout: 39 * time.Minute},
		"fork":         {Format: session.FormatPyramidSessionRedis, PythonExpires: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := handlertest.New(t, handlertest.WithOptions(options))
			ada := k.Visitor()
			ada.Set("user", "ada")
			k.Advance(19 * time.Minute)
			ada.Session() // to look does not keep it alive
			if got := text(t, ada.Get(page(user), "/")); got != "ada" {
				t.Errorf("after 19 minutes the user is %q", got)
			}
			k.Advance(19 * time.Minute)
			if len(ada.Session()) != 1 {
				t.Error("19 minutes after a request it has ended")
			}
			k.Advance(2 * time.Minute)
			if len(ada.Session()) != 0 {
				t.Error("21 minutes after the last request it has not ended")
			}
			if got := text(t, ada.Get(page(user), "/")); got != "" {
				t.Errorf("and the user is %q", got)
			}
		})
	}
}

// What Created and Expires return is by the kit's clock.
func TestTimesAreTheKits(t *testing.T) {
	t.Parallel()
	k := handlertest.New(t)
	k.Advance(1000 * time.Hour)
	ada := k.Visitor()
	ada.Set("n", 1)
	ada.Get(page(func(s *session.Session) string {
		idle, _ := s.Expires()
		if since := time.Until(s.Created()); since < 999*time.Hour || since > 1000*time.Hour {
			t.Errorf("created in %v", since)
		}
		if left := idle.Sub(s.Created()); left < 20*time.Minute || left > 21*time.Minute {
			t.Errorf("ends %v after it was created", left)
		}
		return ""
	}), "/")
}

func TestInABubble(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		k := handlertest.New(t, handlertest.WithOptions(session.Options{Cookie: session.CookieOptions{MaxAge: time.Hour}}))
		ada := k.Visitor()
		ada.Set("user", "ada")
		<-time.After(10 * time.Minute)
		k.Advance(9 * time.Minute)
		if len(ada.Session()) != 1 {
			t.Error("after 19 minutes it has ended")
		}
		<-time.After(time.Minute)
		if len(ada.Session()) != 0 {
			t.Error("after 20 minutes it has not ended")
		}
		count := page(func(s *session.Session) string {
			session.Modify(s, "n", func(n int) int { return n + 1 })
			return ""
		})
		k.Interleave(20, count, count).Arrange(func(ada *handlertest.Visitor) { ada.Set("n", 0) }).Check(func(run *handlertest.Run) error {
			if n := run.Visitor.Session()["n"]; n != 2 {
				return fmt.Errorf("n is %v", n)
			}
			return nil
		})
	})
}

func TestDownAndUp(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, k *handlertest.Kit) {
		ada := k.Visitor()
		ada.Set("user", "ada")
		var loadErr error
		h := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _, loadErr = k.Factory().Get(r) })
		k.Down()
		if got := ada.Get(h, "/").StatusCode; got != http.StatusServiceUnavailable || !errors.Is(loadErr, session.ErrUnavailable) {
			t.Errorf("status %d, %v", got, loadErr)
		}
		if err := k.Factory().Ping(t.Context()); !errors.Is(err, session.ErrUnavailable) {
			t.Errorf("ping: %v", err)
		}
		ada.Set("n", 1)
		if len(ada.Session()) != 2 {
			t.Error("the kit's own methods do not work")
		}
		k.Up()
		if got := ada.Get(h, "/").StatusCode; got != http.StatusOK || loadErr != nil {
			t.Errorf("status %d, %v", got, loadErr)
		}
		// It goes down between load and save.
		got := ada.Get(page(func(s *session.Session) string {
			s.Set("n", 2)
			k.Down()
			return ""
		}), "/")
		if k.Up(); got.StatusCode != http.StatusServiceUnavailable || ada.Session()["n"] != 1 {
			t.Errorf("status %d, %v", got.StatusCode, ada.Session())
		}
	})
}

func TestMeanwhile(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, k *handlertest.Kit) {
		ada := k.Visitor()
		add := func(what string) http.Handler {
			return page(func(s *session.Session) string {
				seen := s.Len()
				session.Modify(s, "list", func(list []string) []string { return append(list, what) })
				return fmt.Sprint(seen)
			})
		}
		ada.Set("user", "ada")
		k.Meanwhile(ada, func() { ada.Get(add("in between"), "/") })
		if seen := text(t, ada.Get(add("after"), "/")); seen != "1" {
			t.Errorf("the request has seen %s keys", seen)
		}
		if list, _ := handlertest.Value[[]string](ada, "list"); !reflect.DeepEqual(list, []string{"in between", "after"}) {
			t.Errorf("%q", list)
		}
		ada.Get(add("once"), "/")
		if list, _ := handlertest.Value[[]string](ada, "list"); len(list) != 3 {
			t.Errorf("it ran again: %q", list)
		}
		k.Meanwhile(ada, ada.Logout)
		if got := ada.Get(add("late"), "/").StatusCode; got != http.StatusConflict || len(ada.Session()) != 0 {
			t.Errorf("after a logout in another tab: status %d, %v", got, ada.Session())
		}
		began := false
		bob := k.Visitor()
		k.Meanwhile(bob, func() { began = len(bob.Session()) == 0 })
		if bob.Get(add("first"), "/"); !began || len(bob.Session()) != 1 {
			t.Errorf("a new session: %t, %v", began, bob.Session())
		}
	})
	got := failing(t, func(t testing.TB) {
		k := handlertest.New(t)
		ada := k.Visitor()
		k.Meanwhile(ada, func() {})
		ada.Get(http.NotFoundHandler(), "/cart")
	})
	if len(got) != 1 || !strings.Contains(got[0], "GET /cart neither loaded nor saved") {
		t.Errorf("%q", got)
	}
}

// What Meanwhile was given and never ran fails the test, which would else test nothing.
func TestMeanwhileThatNeverComes(t *testing.T) {
	t.Parallel()
	got := failing(t, func(t testing.TB) {
		k := handlertest.New(t)
		ada, bob := k.Visitor(), k.Visitor()
		k.Meanwhile(ada, func() {})
		bob.Get(page(user), "/")
	})
	if len(got) != 1 || !strings.Contains(got[0], "visitor 1 has made no request since") {
		t.Errorf("%q", got)
	}
	got = failing(t, func(t testing.TB) {
		k := handlertest.New(t)
		ada := k.Visitor()
		ada.Set("user", "ada")
		k.Meanwhile(ada, func() {})
		k.Meanwhile(ada, func() {})
		ada.Get(page(user), "/")
	})
	if len(got) != 1 || !strings.Contains(got[0], "twice") {
		t.Errorf("%q", got)
	}
}

func TestRoundTrips(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, k *handlertest.Kit) {
		ada := k.Visitor()
		trips := func(use func(s *session.Session) string) int {
			before := k.RoundTrips()
			ada.Get(page(use), "/")
			return k.RoundTrips() - before
		}
		write := func(s *session.Session) string {
			session.Modify(s, "n", func(n int) int { return n + 1 })
			return ""
		}
		ada.Set("a", 1)
		ada.Session()
		if n := k.RoundTrips(); n != 0 {
			t.Errorf("the kit's own methods count: %d", n)
		}
		ada.Forget()
		if n := trips(write); n != 1 {
			t.Errorf("the first write took %d", n)
		}
		if n := trips(user); n != 1 {
			t.Errorf("a read took %d", n)
		}
		if n := trips(write); n != 2 {
			t.Errorf("a write took %d", n)
		}
		k.Meanwhile(ada, func() { ada.Set("n", 10) })
		if n := trips(write); n != 3 {
			t.Errorf("a conflict took %d", n)
		}
	})
}

func TestSecureCookies(t *testing.T) {
	t.Parallel()
	k := handlertest.New(t, handlertest.WithOptions(session.Options{Cookie: session.CookieOptions{Name: "__Host-Http-session"}}))
	ada := k.Visitor()
	ada.Set("user", "ada")
	if got := text(t, ada.Get(page(user), "/")); got != "ada" {
		t.Errorf("a path comes over TLS, and the user is %q", got)
	}
	if got := text(t, ada.Get(page(user), "http://example.com/")); got != "" {
		t.Errorf("without TLS the user is %q", got)
	}
}

func TestCookiePath(t *testing.T) {
	t.Parallel()
	k := handlertest.New(t, handlertest.WithOptions(session.Options{Cookie: session.CookieOptions{Path: "/shop"}}))
	ada := k.Visitor()
	ada.Set("user", "ada")
	for path, want := range map[string]string{"/shop": "ada", "/shop/cart": "ada", "/shopping": "", "/": ""} {
		if got := text(t, ada.Get(page(user), path)); got != want {
			t.Errorf("%s: the user is %q", path, got)
		}
	}
}

func TestOptions(t *testing.T) {
	t.Parallel()
	src := settings.Map{"redis": map[string]any{"sessions": map[string]any{
		"secret": "a secret for tests, of more than 32 bytes", "timeout": 300, "url": "redis://db.internal/", "cookie_name": "sid",
	}}}
	for name, option := range map[string]handlertest.Option{
		"settings": handlertest.WithSettings(src),
		"options":  handlertest.WithOptions(session.Options{IdleTimeout: 5 * time.Minute, Cookie: session.CookieOptions{Name: "sid"}}),
		"factory": handlertest.WithFactory(func(store session.Store) (*session.Factory, error) {
			return session.NewFactory(store, &session.Options{Secret: "abc", IdleTimeout: 5 * time.Minute, Cookie: session.CookieOptions{Name: "sid"}})
		}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := handlertest.New(t, option)
			ada := k.Visitor()
			ada.Set("n", 1)
			if ada.Cookie("sid") == "" {
				t.Error("the cookie has another name")
			}
			k.Advance(4 * time.Minute)
			if len(ada.Session()) != 1 {
				t.Error("after 4 minutes it has ended")
			}
			if k.Advance(2 * time.Minute); len(ada.Session()) != 0 {
				t.Error("after 6 minutes it has not ended")
			}
		})
	}
	got := failing(t, func(t testing.TB) {
		handlertest.New(t, handlertest.WithSettings(settings.Map{"redis.sessions.tmeout": 5}))
	})
	if len(got) != 1 || !strings.Contains(got[0], "tmeout") || !strings.Contains(got[0], "secret") {
		t.Errorf("%q", got)
	}
}

// A panic of the handler comes to its test, with the cookies that it had before.
func TestPanic(t *testing.T) {
	t.Parallel()
	k := handlertest.New(t)
	ada := k.Visitor()
	ada.Set("n", 1)
	defer func() {
		if v := recover(); v != "oh" || len(ada.Session()) != 1 {
			t.Errorf("%v, %v", v, ada.Session())
		}
	}()
	ada.Get(page(func(*session.Session) string { panic("oh") }), "/")
}
