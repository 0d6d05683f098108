package apps

import (
	"fmt"
	"io"
	"net/http"

	"github.com/gin-contrib/sessions"
	"github.com/gin-contrib/sessions/redis"
	"github.com/gin-gonic/gin"
	"github.com/gorilla/securecookie"
)

// ginApp is the application on gin with gin-contrib/sessions.
type ginApp struct{ *content }

// ginCookie is how long and where the browser keeps the cookie. MaxAge is the
// record's time to live too.
var ginCookie = sessions.Options{Path: "/", MaxAge: int(lifetime.Seconds())}

func openGin(cfg Config) (Site, error) {
	store, err := redis.NewStore(redigoConnections, "tcp", cfg.Redis, "", "", securecookie.GenerateRandomKey(32))
	if err != nil {
		return nil, fmt.Errorf("apps: gin-contrib/sessions: %w", err)
	}
	store.Options(ginCookie)
	inner, err := redis.GetRedisStore(store)
	if err != nil {
		return nil, fmt.Errorf("apps: gin-contrib/sessions: %w", err)
	}
	inner.SetMaxLength(0) // the default, 4096, is less than 100 keys

	gin.SetMode(gin.ReleaseMode)
	engine := gin.New() // gin.Default without its logger
	engine.Use(gin.Recovery(), sessions.Sessions("session", store))
	g := ginApp{newContent(cfg)}
	engine.GET("/unused", func(c *gin.Context) { _, _ = io.WriteString(c.Writer, done) })
	engine.GET("/create", g.create)
	engine.GET("/read", g.read)
	engine.GET("/write", g.write)
	engine.GET("/invalidate", g.invalidate)
	return newHTTPSite(engine, inner.Close), nil
}

func (g ginApp) create(c *gin.Context) {
	s := sessions.Default(c)
	for i, name := range g.names {
		s.Set(name, g.values[i])
	}
	g.save(c, s, done)
}

func (g ginApp) read(c *gin.Context) {
	value, _ := sessions.Default(c).Get(g.key(c.Request.URL.RawQuery)).(string)
	_, _ = io.WriteString(c.Writer, value)
}

func (g ginApp) write(c *gin.Context) {
	s := sessions.Default(c)
	value := g.next()
	s.Set(g.asked, value)
	g.save(c, s, value)
}

func (g ginApp) invalidate(c *gin.Context) {
	s := sessions.Default(c)
	gone := ginCookie
	gone.MaxAge = -1
	s.Options(gone)
	g.save(c, s, done)
}

// save saves the session, which must come before the page, and writes the page.
func (g ginApp) save(c *gin.Context, s sessions.Session, page string) {
	if err := s.Save(); err != nil {
		_ = c.AbortWithError(http.StatusInternalServerError, err)
		return
	}
	_, _ = io.WriteString(c.Writer, page)
}
