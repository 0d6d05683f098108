// Package ginsession brings the sessions of a session.Factory into gin.
//
//	router := gin.New()
//	router.Use(gin.Recovery(), ginsession.Handler(sessions), ginsession.CSRF(nil))
//	router.POST("/sign", func(c *gin.Context) {
//		s, err := ginsession.Get(c)
//		if err != nil {
//			return // the session's error handler answers: 503 when Redis is down
//		}
//		s.Flash("", "Thank you")
//		c.Redirect(http.StatusSeeOther, "/")
//	})
//
// gin's handlers write to c.Writer, and middleware that only replaces c.Request
// would be passed by: the response would go out without the session's cookie.
// Handler replaces both. The session is saved just before the first byte of the
// response, whichever of c.Writer's methods sends it.
package ginsession
