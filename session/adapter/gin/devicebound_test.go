package ginsession_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/pyramidgo/redissessions/internal/boundtest"
	"github.com/pyramidgo/redissessions/session"
	ginsession "github.com/pyramidgo/redissessions/session/adapter/gin"
	"github.com/pyramidgo/redissessions/session/dbsc"
)

// TestDeviceBound: a login offers to bind the session, and what the browser then sends
// reaches the session's Handler, although no route has that path.
func TestDeviceBound(t *testing.T) {
	a := newApp(t, func(o *session.Options) { o.DeviceBound = dbsc.Options{} })
	a.router.Use(gin.Recovery(), ginsession.Handler(a.sessions))
	a.router.GET("/login", func(c *gin.Context) {
		if err := a.get(c).Login(c.Request.Context(), "ann"); err != nil {
			t.Error(err)
		}
	})
	resp, _ := a.do(http.MethodGet, "/login", "")
	if offer := resp.Header.Get("Secure-Session-Registration"); !strings.Contains(offer, `path="/.session/register"`) {
		t.Errorf("the login offers %q", offer)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, a.url+"/.session/refresh", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Sec-Secure-Session-Id", "unknown")
	resp, text := a.send(r)
	if resp.StatusCode != http.StatusOK || !strings.Contains(text, `"continue":false`) {
		t.Errorf("a refresh: status %d, %s", resp.StatusCode, text)
	}
	if resp, _ := a.do(http.MethodPost, "/.session/register", ""); resp.StatusCode != http.StatusBadRequest {
		t.Errorf("a registration without a proof: status %d", resp.StatusCode)
	}
}

// TestBoundSession: gin serves the whole life of a bound session.
func TestBoundSession(t *testing.T) {
	kit := boundtest.NewKit(t)
	a := newApp(t)
	a.router.Use(gin.Recovery(), ginsession.Handler(kit.Factory()))
	a.router.GET("/login", func(c *gin.Context) {
		if err := a.get(c).Login(c.Request.Context(), boundtest.User); err != nil {
			t.Error(err)
		}
	})
	a.router.GET("/logout", func(c *gin.Context) {
		if err := a.get(c).Invalidate(c.Request.Context()); err != nil {
			t.Error(err)
		}
	})
	a.router.GET("/write", func(c *gin.Context) { a.get(c).Set("k", 1) })
	a.router.GET("/", func(c *gin.Context) { c.String(http.StatusOK, a.get(c).User()) })
	boundtest.Run(t, kit, a.url)
}
