package fibersession_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/gofiber/fiber/v3"
	"github.com/pyramidgo/redissessions/session"
	fibersession "github.com/pyramidgo/redissessions/session/adapter/fiber"
)

// ways are the kinds of response that fasthttp knows.
var ways = map[string]struct {
	code   int
	body   string
	answer func(c fiber.Ctx) error
}{
	"SendString": {200, "page", func(c fiber.Ctx) error { return c.SendString("page") }},
	"Write":      {200, "page", func(c fiber.Ctx) error { _, err := c.Write([]byte("page")); return err }},
	"JSON":       {201, `{"a":1}`, func(c fiber.Ctx) error { return c.Status(201).JSON(fiber.Map{"a": 1}) }},
	"Redirect":   {303, "", func(c fiber.Ctx) error { return c.Redirect().Status(303).To("/") }},
	"no content": {204, "", func(c fiber.Ctx) error { return c.SendStatus(204) }},
	"an error":   {404, "no such page", func(fiber.Ctx) error { return fiber.NewError(404, "no such page") }},
	"stream": {200, "page", func(c fiber.Ctx) error {
		return c.SendStreamWriter(func(w *bufio.Writer) { _, _ = w.WriteString("page") })
	}},
	"reader":   {200, "page", func(c fiber.Ctx) error { return c.SendStream(strings.NewReader("page"), 4) }},
	"hijacked": {200, "page", hijack},
}

// hijack lets the connection's new owner write the body.
func hijack(c fiber.Ctx) error {
	c.Response().Header.SetContentLength(4)
	c.Response().SkipBody = true
	c.RequestCtx().Hijack(func(conn net.Conn) { _, _ = conn.Write([]byte("page")) })
	return nil
}

// Whatever kind of response it is, the session has been saved before, and its cookie
// is in the header beside the application's own.
func TestEveryWayToAnswerSavesFirst(t *testing.T) {
	t.Parallel()
	for name, way := range ways {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newApp(t)
			a.fiber.Use(fibersession.Handler(a.sessions))
			a.fiber.Get("/", func(c fiber.Ctx) error {
				a.get(c).Set("k", 1)
				c.Cookie(&fiber.Cookie{Name: "own", Value: "1"})
				c.Set("X-Own", "1")
				c.Response().Header.Add("Vary", "Accept")
				c.Response().Header.Add("Vary", "Origin")
				return way.answer(c)
			})
			resp, body := a.start().do("GET", "/", "")
			if resp.StatusCode != way.code || body != way.body || resp.Header.Get("X-Own") != "1" {
				t.Errorf("status %d, want %d, body %q, header %v", resp.StatusCode, way.code, body, resp.Header)
			}
			if len(resp.Cookies()) != 2 || !a.stored() {
				t.Errorf("cookies %v, stored %v", resp.Header["Set-Cookie"], a.stored())
			}
			if got := strings.Join(resp.Header["Vary"], ", "); got != "Accept, Origin, Cookie" || resp.Header.Get("Cache-Control") != "no-store" {
				t.Errorf("Vary: %s; Cache-Control: %s", got, resp.Header.Get("Cache-Control"))
			}
		})
	}
}

// When the save fails, the error handler's answer is all that is sent: no page, no
// stream, no takeover of the connection, and nothing of the page's header.
func TestAFailedSaveReplacesEveryKindOfPage(t *testing.T) {
	t.Parallel()
	for name, way := range ways {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newApp(t)
			a.fiber.Use(func(c fiber.Ctx) error {
				c.Set("X-Frame-Options", "DENY")
				return c.Next()
			}, fibersession.Handler(a.sessions))
			a.fiber.Get("/", func(c fiber.Ctx) error {
				a.get(c).Set("k", 1)
				a.redis.SetError("LOADING the server is starting")
				c.Set("Etag", `"page"`)
				return way.answer(c)
			})
			resp, body := a.start().do("GET", "/", "")
			if resp.StatusCode != 503 || strings.TrimSpace(body) != "Service Unavailable" {
				t.Errorf("status %d, body %q", resp.StatusCode, body)
			}
			for name, want := range map[string]string{
				"Etag": "", "Location": "", "Retry-After": "5", "X-Frame-Options": "DENY",
				"Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store",
			} {
				if got := resp.Header.Get(name); got != want {
					t.Errorf("%s is %q, want %q", name, got, want)
				}
			}
			if len(resp.Cookies()) != 0 {
				t.Errorf("cookies %v", resp.Cookies())
			}
			a.redis.SetError("")
			if resp, _ := a.do("GET", "/other", ""); resp.StatusCode != 404 {
				t.Errorf("the connection's next request: status %d", resp.StatusCode)
			}
		})
	}
}

// A connection that was to be taken over, as by a websocket, serves its next request
// when the save failed.
func TestAFailedSaveKeepsTheConnection(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	a.fiber.Use(fibersession.Handler(a.sessions))
	a.fiber.Get("/", func(c fiber.Ctx) error {
		a.get(c).Set("k", 1)
		a.redis.SetError("LOADING the server is starting")
		c.RequestCtx().HijackSetNoResponse(true)
		return hijack(c)
	})
	conn, err := net.Dial("tcp", strings.TrimPrefix(a.start().url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	read := bufio.NewReader(conn)
	for i, path := range []string{"/", "/", "/none"} {
		fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: example.test\r\n\r\n", path)
		resp, err := http.ReadResponse(read, nil)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		if want := []int{503, 503, 404}[i]; resp.StatusCode != want {
			t.Errorf("%s: status %d, want %d", path, resp.StatusCode, want)
		}
		resp.Body.Close()
	}
}

// An error handler that the application gave answers as it would under net/http.
func TestErrorHandlers(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]struct {
		code  int
		kind  string
		text  string
		write func(w http.ResponseWriter)
	}{
		"status only": {418, "", "", func(w http.ResponseWriter) { w.WriteHeader(418) }},
		"body only":   {200, "text/html; charset=utf-8", "<html>", func(w http.ResponseWriter) { _, _ = w.Write([]byte("<html>")) }},
		"both": {503, "application/json", "{}", func(w http.ResponseWriter) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusEarlyHints)
			w.WriteHeader(503)
			_, _ = w.Write([]byte("{}"))
		}},
		"nothing": {503, "text/plain; charset=utf-8", "Service Unavailable\n", func(http.ResponseWriter) {}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newApp(t, func(o *session.Options) {
				o.ErrorHandler = func(w http.ResponseWriter, _ *http.Request, _ error) { want.write(w) }
			})
			a.fiber.Use(fibersession.Handler(a.sessions))
			a.fiber.Get("/", func(c fiber.Ctx) error {
				a.get(c).Set("k", 1)
				a.redis.SetError("LOADING the server is starting")
				return c.SendString("page")
			})
			resp, body := a.start().do("GET", "/", "")
			if resp.StatusCode != want.code || body != want.text || want.kind != "" && resp.Header.Get("Content-Type") != want.kind {
				t.Errorf("status %d, %s, body %q", resp.StatusCode, resp.Header.Get("Content-Type"), body)
			}
		})
	}
}
