package fibersession_test

import (
	"bufio"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v3"
	"github.com/gofiber/fiber/v3/middleware/recover"
	"github.com/pyramidgo/redissessions/session"
	fibersession "github.com/pyramidgo/redissessions/session/adapter/fiber"
)

// A handler that returns Get's error ends the chain, and the visitor gets the error
// page and not what fiber makes of the error.
func TestAFailedLoadEndsTheChain(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	a.fiber.Use(fibersession.Handler(a.sessions))
	ran := 0
	a.fiber.Get("/", func(c fiber.Ctx) error {
		if _, err := fibersession.Get(c); err != nil {
			if !errors.Is(err, session.ErrUnavailable) {
				t.Errorf("got %v, want ErrUnavailable", err)
			}
			return err
		}
		return c.Next()
	}, func(c fiber.Ctx) error {
		ran++
		a.get(c).Set("k", 1)
		return c.SendString("page")
	})
	a.start().do("GET", "/", "") // a cookie to load
	a.redis.SetError("LOADING the server is starting")
	resp, body := a.do("GET", "/", "")
	if resp.StatusCode != 503 || strings.Contains(body, "LOADING") || ran != 1 {
		t.Errorf("status %d: %q; the page's handler ran %d times", resp.StatusCode, body, ran)
	}
}

// The log names the route, and not the path, in which there may be a secret.
func TestTheLogNamesFibersRoute(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	a.fiber.Use(fibersession.Handler(a.sessions))
	a.fiber.Get("/reset/:token", func(c fiber.Ctx) error {
		a.get(c).Set("k", 1)
		return c.SendString("page")
	})
	a.redis.SetError("LOADING the server is starting")
	a.start().do("GET", "/reset/sesame", "")
	if log := a.log.String(); !strings.Contains(log, "route=/reset/:token") || strings.Contains(log, "sesame") {
		t.Errorf("the log says %s", log)
	}
}

// The routes of a group have sessions, others have none. On the app and on a group
// the middleware does its work once.
func TestPerGroup(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	count := func(c fiber.Ctx) error {
		s := a.get(c)
		session.Modify(s, "n", func(n int) int { return n + 1 })
		n, _ := session.Value[int](s, "n")
		return c.SendString(strconv.Itoa(n))
	}
	a.fiber.Get("/outside", func(c fiber.Ctx) error {
		_, err := fibersession.Get(c)
		if !errors.Is(err, session.ErrNoHandler) {
			t.Errorf("outside the group: %v, want ErrNoHandler", err)
		}
		return err
	})
	members := a.fiber.Group("/members", fibersession.Handler(a.sessions))
	members.Get("/", count)
	members.Group("/twice", fibersession.Handler(a.sessions)).Get("/", count)

	if resp, _ := a.start().do("GET", "/outside", ""); resp.StatusCode != http.StatusInternalServerError {
		t.Errorf("outside the group: status %d", resp.StatusCode)
	}
	for i, path := range []string{"/members/", "/members/twice/", "/members/"} {
		resp, body := a.do("GET", path, "")
		if want := strconv.Itoa(i + 1); body != want {
			t.Errorf("%s: visit %s, want %s", path, body, want)
		}
		if cookies := len(resp.Cookies()); cookies > 1 {
			t.Errorf("%s: %d cookies", path, cookies)
		}
	}
}

func TestCSRFEndsTheChain(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	a.fiber.Use(fibersession.Handler(a.sessions), fibersession.CSRF(nil))
	a.fiber.Get("/", func(c fiber.Ctx) error {
		token, err := a.get(c).CSRFToken(c.Context())
		if err != nil {
			return err
		}
		return c.SendString(token)
	})
	var names []string
	a.fiber.Post("/", func(c fiber.Ctx) error {
		names = append(names, strings.Clone(c.FormValue("name")))
		return c.Redirect().Status(303).To("/")
	})
	_, token := a.start().do("GET", "/", "")
	if resp, _ := a.do("POST", "/", "name=mallory"); resp.StatusCode != http.StatusForbidden {
		t.Errorf("without a token: status %d", resp.StatusCode)
	}
	resp, _ := a.do("POST", "/", url.Values{"name": {"ada"}, session.CSRFFormField: {token}}.Encode())
	if resp.StatusCode != http.StatusSeeOther {
		t.Errorf("with the token: status %d", resp.StatusCode)
	}
	if got := fmt.Sprint(names); got != "[ada]" {
		t.Errorf("the handler got the names %s", got)
	}
}

// The session sees the request as fiber does: its header, its TLS, its proxy.
func TestTheRequestIsFibers(t *testing.T) {
	t.Parallel()
	var saw *http.Request
	a := newApp(t, func(o *session.Options) {
		o.Passive = func(r *http.Request) bool { saw = r; return r.Header.Get("X-Background") != "" }
	})
	a.fiber = fiber.New(fiber.Config{TrustProxy: true, TrustProxyConfig: fiber.TrustProxyConfig{Loopback: true}})
	a.fiber.Use(fibersession.Handler(a.sessions))
	a.fiber.All("/page", func(c fiber.Ctx) error {
		a.get(c).Set("k", 1)
		return nil
	})
	a.start()
	r, _ := http.NewRequest("PUT", a.url+"/page?a=1", strings.NewReader("body"))
	r.Header.Set("X-Forwarded-Proto", "https")
	resp, err := a.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if cookies := resp.Cookies(); len(cookies) != 1 || !cookies[0].Secure {
		t.Fatalf("cookies %v, want a Secure one", cookies)
	}
	r, _ = http.NewRequest("PUT", a.url+"/page?a=1", strings.NewReader("body"))
	r.Header.Set("X-Background", "1")
	r.AddCookie(resp.Cookies()[0])
	a.redis.FastForward(time.Minute)
	if resp, err = a.client.Do(r); err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if saw == nil || saw.Method != "PUT" || saw.URL.String() != "/page?a=1" || saw.ContentLength != 4 || "http://"+saw.Host != a.url || saw.RemoteAddr == "" {
		t.Errorf("the hook saw %+v", saw)
	}
	if left := a.redis.TTL(a.redis.Keys()[0]); left != 19*time.Minute {
		t.Errorf("%v are left after a passive request, want 19m", left)
	}
}

// fiber's recover answers a panic, wherever it stands; the cookie of a session that
// was renewed before it is not lost.
func TestPanics(t *testing.T) {
	t.Parallel()
	for name, order := range map[string]func(sessions fiber.Handler) []any{
		"recover around": func(s fiber.Handler) []any { return []any{recover.New(), s} },
		"recover inside": func(s fiber.Handler) []any { return []any{s, recover.New()} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newApp(t)
			for _, middleware := range order(fibersession.Handler(a.sessions)) {
				a.fiber.Use(middleware)
			}
			a.fiber.Get("/panic", func(c fiber.Ctx) error {
				if err := a.get(c).Renew(c.Context()); err != nil {
					t.Error(err)
				}
				panic("a mistake")
			})
			a.fiber.Get("/", func(c fiber.Ctx) error {
				a.get(c).Set("k", 1)
				return nil
			})
			a.start().do("GET", "/", "")
			resp, _ := a.do("GET", "/panic", "")
			if resp.StatusCode != 500 || len(resp.Cookies()) != 1 {
				t.Errorf("status %d with %d cookies, want 500 with the renewed session's", resp.StatusCode, len(resp.Cookies()))
			}
			if resp, _ := a.do("GET", "/", ""); resp.StatusCode != 200 || len(resp.Cookies()) != 0 {
				t.Errorf("afterwards: status %d, %d new cookies", resp.StatusCode, len(resp.Cookies()))
			}
		})
	}
}

// A stream begins after the save. It may go on using the session that the handler has
// got, while fiber's context serves other requests.
func TestAStreamKeepsTheSession(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	a.fiber.Use(fibersession.Handler(a.sessions))
	a.fiber.Get("/", func(c fiber.Ctx) error {
		a.get(c).Set("k", "one")
		return nil
	})
	lines, results := make(chan struct{}), make(chan error, 1)
	a.fiber.Get("/stream", func(c fiber.Ctx) error {
		s, ctx := a.get(c), c.Context()
		return c.SendStreamWriter(func(w *bufio.Writer) {
			for range lines {
				err := s.Touch(ctx)
				v, _ := s.Get("k")
				fmt.Fprintf(w, "%v %v\n", v, err)
				_ = w.Flush()
			}
			results <- s.Renew(ctx)
		})
	})
	a.start().do("GET", "/", "")
	go func() { lines <- struct{}{} }()
	resp, err := a.client.Get(a.url + "/stream")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	read := bufio.NewReader(resp.Body)
	for range 3 {
		if line, err := read.ReadString('\n'); line != "one <nil>\n" {
			t.Errorf("%q: %v", line, err)
		}
		a.redis.FastForward(19 * time.Minute)
		for range 5 {
			a.do("GET", "/", "")
		}
		lines <- struct{}{}
	}
	close(lines)
	if err := <-results; !errors.Is(err, session.ErrHeaderWritten) {
		t.Errorf("Renew in a stream: %v, want ErrHeaderWritten", err)
	}
}
