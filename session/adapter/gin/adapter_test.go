package ginsession_test

import (
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/pyramidgo/redissessions/connect/goredis"
	"github.com/pyramidgo/redissessions/session"
	ginsession "github.com/pyramidgo/redissessions/session/adapter/gin"
	"github.com/redis/go-redis/v9"
)

// with returns a factory like the application's with an error handler.
func (a *app) with(answer func(http.ResponseWriter, *http.Request, error)) *session.Factory {
	a.t.Helper()
	f, err := session.NewFactory(goredis.New(redis.NewClient(&redis.Options{Addr: a.redis.Addr(), MaxRetries: -1})), &session.Options{
		Secret:       "a secret for tests, of more than 32 bytes",
		Logger:       slog.New(slog.DiscardHandler),
		ErrorHandler: answer,
	})
	if err != nil {
		a.t.Fatal(err)
	}
	a.t.Cleanup(func() { _ = f.Close() })
	return f
}

// A handler whose Get failed ends the chain: the next one must not run without the
// session that the first has not got.
func TestAFailedLoadAborts(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	var got error
	a.router.Use(func(c *gin.Context) {
		c.Next()
		if last := c.Errors.Last(); last != nil {
			got = last.Err
		}
	}, ginsession.Handler(a.sessions))
	guard := func(c *gin.Context) {
		if _, err := ginsession.Get(c); err != nil {
			c.String(http.StatusOK, "not the answer")
		}
	}
	ran := 0
	a.router.GET("/", guard, func(c *gin.Context) {
		ran++
		a.get(c).Set("k", 1)
		c.String(http.StatusOK, "page")
	})
	a.do("GET", "/", "") // a cookie to load
	a.redis.SetError("LOADING the server is starting")
	resp, body := a.do("GET", "/", "")
	if resp.StatusCode != http.StatusServiceUnavailable || strings.Contains(body, "answer") {
		t.Errorf("status %d: %s", resp.StatusCode, body)
	}
	if ran != 1 {
		t.Errorf("the page's handler ran %d times, want 1", ran)
	}
	if !errors.Is(got, session.ErrUnavailable) {
		t.Errorf("c.Errors holds %v, want ErrUnavailable", got)
	}
}

// The log names the route, and not the path, in which there may be a secret.
func TestTheLogNamesGinsRoute(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	a.router.Use(ginsession.Handler(a.sessions))
	a.router.GET("/reset/:token", func(c *gin.Context) {
		a.get(c).Set("k", 1)
		c.String(http.StatusOK, "page")
	})
	a.redis.SetError("LOADING the server is starting")
	a.do("GET", "/reset/sesame", "")
	if log := a.log.String(); !strings.Contains(log, "route=/reset/:token") || strings.Contains(log, "sesame") {
		t.Errorf("the log says %s", log)
	}
}

// The routes of a group have sessions, others have none and no cost. On the engine
// and on a group the middleware is there once.
func TestPerGroup(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	count := func(c *gin.Context) {
		s := a.get(c)
		session.Modify(s, "n", func(n int) int { return n + 1 })
		n, _ := session.Value[int](s, "n")
		c.String(http.StatusOK, "%d", n)
	}
	a.router.GET("/outside", func(c *gin.Context) {
		if _, err := ginsession.Get(c); !errors.Is(err, session.ErrNoHandler) {
			t.Errorf("outside the group: %v, want ErrNoHandler", err)
		}
	}, func(*gin.Context) { t.Error("the chain went on without a session") })
	members := a.router.Group("/members", ginsession.Handler(a.sessions))
	members.GET("/", count)
	members.Group("/twice", ginsession.Handler(a.sessions)).GET("/", count)

	if resp, _ := a.do("GET", "/outside", ""); resp.StatusCode != http.StatusInternalServerError {
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

func TestCSRFAborts(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	a.router.Use(ginsession.Handler(a.sessions), ginsession.CSRF(nil))
	a.router.GET("/", func(c *gin.Context) {
		token, err := a.get(c).CSRFToken(c.Request.Context())
		if err != nil {
			t.Error(err)
		}
		c.String(http.StatusOK, token)
	})
	signed := 0
	a.router.POST("/", func(c *gin.Context) {
		signed++
		a.get(c).Flash("", c.PostForm("name"))
		c.Redirect(http.StatusSeeOther, "/")
	})
	_, token := a.do("GET", "/", "")
	if resp, _ := a.do("POST", "/", "name=mallory"); resp.StatusCode != http.StatusForbidden || signed != 0 {
		t.Errorf("without a token: status %d, the handler ran %d times", resp.StatusCode, signed)
	}
	resp, _ := a.do("POST", "/", url.Values{"name": {"ada"}, session.CSRFFormField: {token}}.Encode())
	if resp.StatusCode != http.StatusSeeOther || signed != 1 {
		t.Errorf("with the token: status %d, the handler ran %d times", resp.StatusCode, signed)
	}
}

// gin.Recovery answers a panic, wherever it stands. Nothing of what the handler did
// after its last save is kept, and the application goes on.
func TestPanics(t *testing.T) {
	t.Parallel()
	for name, order := range map[string]func(sessions, recovery gin.HandlerFunc) []gin.HandlerFunc{
		"recovery around": func(s, r gin.HandlerFunc) []gin.HandlerFunc { return []gin.HandlerFunc{r, s} },
		"recovery inside": func(s, r gin.HandlerFunc) []gin.HandlerFunc { return []gin.HandlerFunc{s, r} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newApp(t)
			a.router.Use(order(ginsession.Handler(a.sessions), gin.Recovery())...)
			a.router.GET("/panic", func(c *gin.Context) {
				if err := a.get(c).Renew(c.Request.Context()); err != nil {
					t.Error(err)
				}
				panic("a mistake")
			})
			a.router.GET("/", func(c *gin.Context) {
				a.get(c).Set("k", 1)
				c.Status(http.StatusOK)
			})
			a.do("GET", "/", "")
			resp, _ := a.do("GET", "/panic", "")
			if resp.StatusCode != http.StatusInternalServerError {
				t.Errorf("status %d, want 500", resp.StatusCode)
			}
			if len(resp.Cookies()) != 1 {
				t.Errorf("%d cookies: the renewed session's is lost", len(resp.Cookies()))
			}
			if resp, _ := a.do("GET", "/", ""); resp.StatusCode != http.StatusOK || len(resp.Cookies()) != 0 {
				t.Errorf("afterwards: status %d, %d new cookies", resp.StatusCode, len(resp.Cookies()))
			}
		})
	}
}
