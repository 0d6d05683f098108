package ginsession_test

import (
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"

	"github.com/gin-gonic/gin"
	"github.com/pyramidgo/redissessions/connect/embedded"
	"github.com/pyramidgo/redissessions/factory"
	"github.com/pyramidgo/redissessions/session"
	ginsession "github.com/pyramidgo/redissessions/session/adapter/gin"
	"github.com/pyramidgo/redissessions/settings"
)

func Example() {
	sessions, err := factory.FromSettings(settings.Map{
		"redis.sessions.secret": "change-me-this-is-the-documented-example",
		"redis.sessions.debug":  "true",
		"redis.sessions.url":    "embedded://",
	}, factory.WithConnector("embedded", embedded.Connect))
	if err != nil {
		log.Fatal(err)
	}
	defer sessions.Close()

	router := gin.New()
	router.Use(gin.Recovery(), ginsession.Handler(sessions))
	router.GET("/", func(c *gin.Context) {
		s, err := ginsession.Get(c)
		if err != nil {
			return // the session's error handler answers
		}
		session.Modify(s, "visits", func(n int) int { return n + 1 })
		n, _ := session.Value[int](s, "visits")
		c.String(http.StatusOK, "visit %d", n)
	})

	first := httptest.NewRecorder()
	router.ServeHTTP(first, httptest.NewRequest(http.MethodGet, "/", nil))
	again := httptest.NewRequest(http.MethodGet, "/", nil)
	for _, cookie := range first.Result().Cookies() {
		again.AddCookie(cookie)
	}
	second := httptest.NewRecorder()
	router.ServeHTTP(second, again)
	fmt.Println(first.Body, second.Body)
	// Output: visit 1 visit 2
}
