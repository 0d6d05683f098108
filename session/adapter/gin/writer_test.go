package ginsession_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	ginsession "github.com/pyramidgo/redissessions/session/adapter/gin"
)

// Whatever sends the response, the session has been saved before, and its cookie is
// in the header.
func TestEveryWayToAnswerSavesFirst(t *testing.T) {
	t.Parallel()
	ways := map[string]struct {
		code   int
		answer func(c *gin.Context)
	}{
		"Write":            {200, func(c *gin.Context) { _, _ = c.Writer.Write([]byte("page")) }},
		"WriteString":      {200, func(c *gin.Context) { _, _ = c.Writer.WriteString("page") }},
		"Fprint":           {200, func(c *gin.Context) { fmt.Fprint(c.Writer, "page") }},
		"io.Copy":          {200, func(c *gin.Context) { _, _ = io.Copy(c.Writer, bytes.NewBufferString("page")) }},
		"WriteHeaderNow":   {202, func(c *gin.Context) { c.Status(202); c.Writer.WriteHeaderNow() }},
		"Flush":            {202, func(c *gin.Context) { c.Status(202); c.Writer.Flush() }},
		"controller Flush": {200, func(c *gin.Context) { _ = http.NewResponseController(c.Writer).Flush() }},
		"JSON":             {201, func(c *gin.Context) { c.JSON(201, gin.H{"a": 1}) }},
		"Redirect":         {303, func(c *gin.Context) { c.Redirect(303, "/") }},
		"AbortWithStatus":  {418, func(c *gin.Context) { c.AbortWithStatus(418) }},
		"File":             {200, func(c *gin.Context) { c.File("doc.go") }},
		"Data 304":         {304, func(c *gin.Context) { c.Data(304, "text/plain", nil) }},
		"SSEvent":          {200, func(c *gin.Context) { c.SSEvent("message", "one") }},
		"Stream":           {200, func(c *gin.Context) { c.Stream(func(w io.Writer) bool { fmt.Fprint(w, "one"); return false }) }},
	}
	for name, way := range ways {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newApp(t)
			a.router.Use(ginsession.Handler(a.sessions))
			saved := false
			a.router.GET("/", func(c *gin.Context) {
				a.get(c).Set("k", 1)
				way.answer(c)
				saved = a.stored()
			})
			resp, _ := a.do("GET", "/", "")
			if !saved {
				t.Error("the response was sent, and the session not saved")
			}
			if len(resp.Cookies()) != 1 || resp.StatusCode != way.code {
				t.Errorf("status %d, want %d, with %d cookies", resp.StatusCode, way.code, len(resp.Cookies()))
			}
		})
	}
}

// c.Status sends nothing: the session may be changed after it. A response without a
// body is sent by gin itself, behind all middleware.
func TestAStatusAloneIsNoHeader(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	a.router.Use(ginsession.Handler(a.sessions))
	a.router.GET("/", func(c *gin.Context) {
		c.Status(http.StatusNoContent)
		if c.Writer.Written() || c.Writer.Status() != http.StatusNoContent || c.Writer.Size() != -1 {
			t.Errorf("written %v, status %d, size %d", c.Writer.Written(), c.Writer.Status(), c.Writer.Size())
		}
		a.get(c).Set("k", 1)
		c.Header("X-After", "1")
	})
	resp, _ := a.do("GET", "/", "")
	if resp.StatusCode != 204 || len(resp.Cookies()) != 1 || resp.Header.Get("X-After") != "1" || !a.stored() {
		t.Errorf("status %d, header %v", resp.StatusCode, resp.Header)
	}
}

// Middleware around the session's learns what was sent: the page, or the error
// handler's answer in its place.
func TestOuterMiddlewareSeesWhatWasSent(t *testing.T) {
	t.Parallel()
	for name, down := range map[string]bool{"page": false, "error page": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newApp(t)
			var code, size int
			a.router.Use(func(c *gin.Context) {
				c.Next()
				code, size = c.Writer.Status(), c.Writer.Size()
			}, ginsession.Handler(a.sessions))
			a.router.GET("/", func(c *gin.Context) {
				a.get(c).Set("k", 1)
				if down {
					a.redis.SetError("LOADING the server is starting")
				}
				c.String(http.StatusCreated, "page")
				c.Status(http.StatusOK) // too late
			})
			resp, body := a.do("GET", "/", "")
			want := http.StatusCreated
			if down {
				want = http.StatusServiceUnavailable
			}
			if resp.StatusCode != want || code != want || size != len(body) {
				t.Errorf("sent %d with %d bytes, want %d; the middleware saw %d with %d bytes", resp.StatusCode, len(body), want, code, size)
			}
			if down && body == "page" {
				t.Error("the page was sent, and its session not saved")
			}
		})
	}
}

// An error handler that sends a status only is not overruled by what the page sets
// afterwards.
func TestTheErrorHandlersStatusStays(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	a.redis.SetError("ERR broken")
	sessions := a.with(func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusTeapot) })
	a.router.Use(ginsession.Handler(sessions))
	a.router.GET("/", func(c *gin.Context) {
		a.get(c).Set("k", 1)
		c.JSON(http.StatusOK, "page")
		c.Status(http.StatusOK)
		c.Writer.Flush()
	})
	if resp, body := a.do("GET", "/", ""); resp.StatusCode != http.StatusTeapot || body != "" {
		t.Errorf("status %d, body %q", resp.StatusCode, body)
	}
}

func TestHijackSavesFirst(t *testing.T) {
	t.Parallel()
	for name, hijack := range map[string]func(c *gin.Context) (net.Conn, *bufio.ReadWriter, error){
		"method": func(c *gin.Context) (net.Conn, *bufio.ReadWriter, error) { return c.Writer.Hijack() },
		"controller": func(c *gin.Context) (net.Conn, *bufio.ReadWriter, error) {
			return http.NewResponseController(c.Writer).Hijack()
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newApp(t)
			a.router.Use(ginsession.Handler(a.sessions))
			a.router.GET("/", func(c *gin.Context) {
				a.get(c).Set("k", 1)
				conn, buffer, err := hijack(c)
				if err != nil {
					t.Error(err)
					return
				}
				defer conn.Close()
				fmt.Fprintf(buffer, "HTTP/1.1 200 OK\r\nX-Saved: %v\r\nContent-Length: 0\r\nSet-Cookie: %s\r\n\r\n", a.stored(), c.Writer.Header().Get("Set-Cookie"))
				_ = buffer.Flush()
			})
			resp, _ := a.do("GET", "/", "")
			if resp.Header.Get("X-Saved") != "true" || len(resp.Cookies()) != 1 || resp.Cookies()[0].Value == "" {
				t.Errorf("header %v", resp.Header)
			}
		})
	}
}

// What sends nothing still reaches the server's own writer.
func TestTheRestOfTheWriterIsThere(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	a.router.Use(ginsession.Handler(a.sessions))
	a.router.GET("/", func(c *gin.Context) {
		a.get(c)
		control := http.NewResponseController(c.Writer)
		if err := control.SetWriteDeadline(time.Time{}); err != nil {
			t.Errorf("SetWriteDeadline: %v", err)
		}
		if c.Writer.CloseNotify() == nil {
			t.Error("no CloseNotify")
		}
		c.String(200, "%v", c.Writer.Pusher() != nil)
	})
	if _, body := a.do("GET", "/", ""); body != "false" {
		t.Errorf("HTTP/1 has a Pusher: %s", body)
	}
	server := httptest.NewUnstartedServer(a.router)
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	a.client, a.url = server.Client(), server.URL
	if resp, body := a.do("GET", "/", ""); resp.ProtoMajor != 2 || body != "true" {
		t.Errorf("%s has no Pusher", resp.Proto)
	}
}

// A flushed part of a response arrives while its handler goes on.
func TestFlushSends(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	a.router.Use(ginsession.Handler(a.sessions))
	arrived := make(chan struct{})
	a.router.GET("/", func(c *gin.Context) {
		a.get(c).Set("k", 1)
		c.String(http.StatusOK, "one\n")
		c.Writer.Flush()
		select {
		case <-arrived:
		case <-c.Request.Context().Done():
			t.Error("the client has left before the first line came")
		}
	})
	resp, err := a.client.Get(a.url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if line, err := bufio.NewReader(resp.Body).ReadString('\n'); line != "one\n" {
		t.Errorf("%q: %v", line, err)
	}
	close(arrived)
}

// Middleware around the session's has the writer back that it had.
func TestTheWriterIsPutBack(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	a.router.Use(func(c *gin.Context) {
		before := c.Writer
		c.Next()
		if c.Writer != before {
			t.Error("c.Writer is still the session's")
		}
	}, ginsession.Handler(a.sessions))
	a.router.GET("/", func(c *gin.Context) { c.String(http.StatusOK, "page") })
	a.do("GET", "/", "")
}

// gin-contrib/gzip decides at the first Write whether it compresses: its header must
// not have been sent before.
func TestAWriterAroundMayDecideAtTheFirstWrite(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	a.router.Use(func(c *gin.Context) {
		c.Writer = &decidingWriter{c.Writer}
		c.Header("X-Decided", "no")
		c.Next()
	}, ginsession.Handler(a.sessions))
	a.router.GET("/", func(c *gin.Context) {
		a.get(c).Set("k", 1)
		c.String(http.StatusOK, "page")
	})
	if resp, _ := a.do("GET", "/", ""); resp.Header.Get("X-Decided") != "yes" || len(resp.Cookies()) != 1 {
		t.Errorf("header %v", resp.Header)
	}
}

type decidingWriter struct{ gin.ResponseWriter }

func (w *decidingWriter) Write(b []byte) (int, error) {
	w.Header().Set("X-Decided", "yes")
	return w.ResponseWriter.Write(b)
}

func (w *decidingWriter) WriteString(s string) (int, error) { return w.Write([]byte(s)) }
