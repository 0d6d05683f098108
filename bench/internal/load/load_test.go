package load

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pyramidgo/redissessions/bench/apps"
)

func TestReadResponse(t *testing.T) {
	tests := map[string]struct {
		in     string
		status int
		body   string
		cookie string
		err    error // nil also stands for any error when status is 0
	}{
		"a page":            {in: "HTTP/1.1 200 OK\r\nDate: x\r\nContent-Length: 5\r\n\r\nhello", status: 200, body: "hello"},
		"names in any case": {in: "HTTP/1.1 200 OK\r\nCONTENT-length:2\r\nset-COOKIE: a=b; Path=/\r\n\r\nok", status: 200, body: "ok", cookie: "a=b"},
		"nothing":           {in: "HTTP/1.1 204 No Content\r\n\r\n", status: 204},
		"no reason":         {in: "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", status: 200},
		"no length":         {in: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", err: errNoLength},
		"a bad length":      {in: "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", err: errNotHTTP},
		"another protocol":  {in: "SSH-2.0-OpenSSH_9.2\r\n", err: errNotHTTP},
		"no status":         {in: "HTTP/1.1 abc\r\n", err: errNotHTTP},
		"cut off":           {in: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := readResponse(bufio.NewReader(strings.NewReader(test.in)), true)
			if test.status == 0 {
				if err == nil || test.err != nil && !errors.Is(err, test.err) {
					t.Fatalf("error %v, want %v", err, test.err)
				}
				return
			}
			if err != nil || got.Status != test.status || got.Body != test.body {
				t.Fatalf("%+v, %v", got, err)
			}
			if header(got.Cookies()) != test.cookie {
				t.Errorf("cookies %q, want %q", header(got.Cookies()), test.cookie)
			}
		})
	}
}

// TestReadResponses reads responses that follow one another, of which only the
// status is wanted.
func TestReadResponses(t *testing.T) {
	const page = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nSet-Cookie: a=b\r\n\r\nhello"
	r := bufio.NewReader(strings.NewReader(page + "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n" + page))
	for _, want := range []int{200, 404, 200} {
		got, err := readResponse(r, false)
		if err != nil || got.Status != want || got.SetCookie != nil || got.Body != "" {
			t.Fatalf("%+v, %v, want the status %d only", got, err, want)
		}
	}
}

// site answers with the route and the cookie.
func site(w http.ResponseWriter, r *http.Request) {
	http.SetCookie(w, &http.Cookie{Name: "visitor", Value: "1"})
	_, _ = w.Write([]byte(r.URL.Path + " " + r.Header.Get("Cookie")))
}

func TestConn(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(site))
	defer server.Close()
	c, err := Dial(server.Listener.Addr().String(), false)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.Whole = true
	for _, cookie := range []string{"", "a=1", "a=1; b=2"} {
		got, err := c.Call("/read", cookie)
		if err != nil || got.Body != "/read "+cookie || header(got.Cookies()) != "visitor=1" {
			t.Errorf("%+v, %v", got, err)
		}
	}
}

// TestConnAlone has the answers sent before they are asked for: whoever sent them in this
// process later might find no thread to run on.
func TestConnAlone(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c, err := Dial(l.Addr().String(), true)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	server, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	answer := func(text string) {
		t.Helper()
		if _, err := server.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	requests := bufio.NewReader(server)
	c.Whole = true
	for _, cookie := range []string{"a=1", "a=1; b=2"} {
		answer("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nSet-Cookie: visitor=1\r\n\r\nok")
		got, err := c.Call("/read", cookie)
		if err != nil || got.Body != "ok" || header(got.Cookies()) != "visitor=1" {
			t.Errorf("%+v, %v", got, err)
		}
		r, err := http.ReadRequest(requests)
		if err != nil {
			t.Fatal(err)
		}
		if r.URL.Path != "/read" || r.Header.Get("Cookie") != cookie {
			t.Errorf("%s with the cookie %q was asked for", r.URL, r.Header.Get("Cookie"))
		}
	}
	answer("HTTP/1.1 200 OK\r\nContent-Le")
	_ = server.(*net.TCPConn).CloseWrite()
	if _, err := c.Call("/read", ""); !errors.Is(err, io.EOF) {
		t.Errorf("an answer that is cut off: %v, want %v", err, io.EOF)
	}
}

// counting counts the calls and whether two came at once.
type counting struct {
	calls  atomic.Int64
	inside atomic.Bool
	met    atomic.Bool
	seen   map[string]int
	status int
}

func (c *counting) Call(_, cookie string) (apps.Answer, error) {
	if !c.inside.CompareAndSwap(false, true) {
		c.met.Store(true)
	}
	defer c.inside.Store(false)
	c.calls.Add(1)
	c.seen[cookie]++
	return apps.Answer{Status: c.status}, nil
}

func newCounting(status int) *counting { return &counting{seen: map[string]int{}, status: status} }

func TestRunDealsVisitors(t *testing.T) {
	callers := []*counting{newCounting(200), newCounting(200)}
	var cookies []string
	for i := range 6 {
		cookies = append(cookies, strconv.Itoa(i))
	}
	order := Order{Route: "/read", Callers: []apps.Caller{callers[0], callers[1]}, Cookies: cookies, For: 5 * time.Millisecond}
	s, err := Run(order)
	if err != nil {
		t.Fatal(err)
	}
	if n := callers[0].calls.Load() + callers[1].calls.Load(); int64(s.Requests) != n || len(s.Latencies) != s.Requests {
		t.Errorf("%d requests and %d latencies for %d calls", s.Requests, len(s.Latencies), n)
	}
	if s.Took < order.For {
		t.Errorf("it took %v, want %v at least", s.Took, order.For)
	}
	for i, c := range callers {
		if c.met.Load() {
			t.Error("a caller made two requests at once")
		}
		for cookie := range c.seen {
			if n, _ := strconv.Atoi(cookie); n%2 != i {
				t.Errorf("caller %d was visitor %s, who is another's", i, cookie)
			}
		}
	}
}

func TestRunOnce(t *testing.T) {
	c := newCounting(200)
	s, err := Run(Order{Route: "/invalidate", Callers: []apps.Caller{c}, Cookies: []string{"a", "b", "c"}, Once: true, For: time.Hour})
	if err != nil || s.Requests != 3 || len(c.seen) != 3 {
		t.Errorf("%d requests of %d visitors, %v; want 3 of 3", s.Requests, len(c.seen), err)
	}
}

func TestVisitors(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(site))
	defer server.Close()
	var callers []apps.Caller
	for range 4 {
		callers = append(callers, apps.Remote(server.Listener.Addr()))
	}
	cookies, err := Visitors(callers, 50)
	if err != nil || len(cookies) != 50 || slices.Contains(cookies, "") {
		t.Errorf("%q, %v; want 50 cookies", cookies, err)
	}
	if _, err := Visitors([]apps.Caller{newCounting(200)}, 1); err == nil {
		t.Error("an answer without a cookie makes a visitor")
	}
}

func TestRunStopsAtAnError(t *testing.T) {
	if _, err := Run(Order{Route: "/read", Callers: []apps.Caller{newCounting(503)}, For: time.Hour}); err == nil {
		t.Error("a 503 is not an error")
	}
}
