package main

import (
	"net/http"

	"github.com/gin-contrib/gzip"
	"github.com/gin-gonic/gin"
	ginsession "github.com/pyramidgo/redissessions/session/adapter/gin"
)

func withGin(a *app) http.Handler {
	r := gin.New()
	// A Flush of gin-contrib's gzip writes gzip behind an error page, which it does not
	// compress.
	r.Use(gzip.Gzip(gzip.DefaultCompression, gzip.WithExcludedPaths([]string{"/events"})), gin.Recovery())
	r.Use(ginsession.Handler(a.sessions), ginsession.CSRF(nil))

	r.GET("/", func(c *gin.Context) {
		s, err := ginsession.Get(c)
		if err != nil {
			return // Get has aborted; the session's error handler answers
		}
		p, err := home(c.Request.Context(), s)
		if err != nil {
			return
		}
		c.JSON(http.StatusOK, p)
	})
	r.POST("/sign", func(c *gin.Context) {
		s, err := ginsession.Get(c)
		if err != nil {
			return
		}
		sign(s, c.PostForm("name"))
		c.Redirect(http.StatusSeeOther, "/")
	})
	r.POST("/login", func(c *gin.Context) {
		s, err := ginsession.Get(c)
		if err != nil {
			return
		}
		if s.Login(c.Request.Context(), c.PostForm("name")) != nil {
			return
		}
		c.Redirect(http.StatusSeeOther, "/")
	})
	r.POST("/logout", func(c *gin.Context) {
		if a.sessions.Invalidate(c.Request) != nil {
			return
		}
		c.Redirect(http.StatusSeeOther, "/")
	})
	r.GET("/events", gin.WrapF(a.events))
	r.GET("/socket", gin.WrapF(a.socket))
	r.GET("/panic", gin.WrapF(failing))
	r.GET("/slow", gin.WrapH(a.slow()))
	return r
}
