package load

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/pyramidgo/redissessions/bench/apps"
)

// serveSite makes the test's program serve a page: a crowd keeps the scheduler of its own
// process from running a server.
const serveSite = "REDISSESSIONS_LOAD_SERVE"

func TestMain(m *testing.M) {
	if os.Getenv(serveSite) == "" {
		os.Exit(m.Run())
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(l.Addr())
	// Whoever has the cookie of another visitor gets an error.
	_ = http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if cookie := r.Header.Get("Cookie"); r.URL.Path != "/read" || !strings.HasPrefix(cookie, "visitor=") {
			http.Error(w, "", http.StatusUnauthorized)
		}
	}))
}

// siteAddr returns the address of a site in a process of its own.
func siteAddr(t *testing.T) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), serveSite+"=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Wait() })
	addr, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(addr)
}

// dialCrowd connects n times.
func dialCrowd(t *testing.T, addr string, n int) []apps.Caller {
	t.Helper()
	callers := make([]apps.Caller, n)
	for i := range callers {
		c, err := Dial(addr, true)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		callers[i] = c
	}
	if crowd(callers) == nil {
		t.Fatal("these connections are no crowd")
	}
	return callers
}

func TestCrowd(t *testing.T) {
	callers := dialCrowd(t, siteAddr(t), 8)
	var cookies []string
	for i := range 30 {
		cookies = append(cookies, fmt.Sprint("visitor=", i))
	}
	once, err := Run(Order{Route: "/read", Callers: callers, Cookies: cookies, Once: true, For: time.Hour})
	if err != nil || once.Requests != 30 || len(once.Latencies) != 30 {
		t.Errorf("%d requests and %d latencies of 30 visitors, %v", once.Requests, len(once.Latencies), err)
	}
	order := Order{Route: "/read", Callers: callers, Cookies: cookies, For: 5 * time.Millisecond}
	s, err := Run(order)
	if err != nil || s.Requests < len(callers) || len(s.Latencies) != s.Requests || s.Took < order.For {
		t.Errorf("%d requests and %d latencies in %v, %v", s.Requests, len(s.Latencies), s.Took, err)
	}
	if _, err := Run(Order{Route: "/else", Callers: callers, Cookies: cookies, For: time.Hour}); err == nil {
		t.Error("a page that is not there is not an error")
	}
}
