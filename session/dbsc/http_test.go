package dbsc_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/pyramidgo/redissessions/internal/boundtest"
	"github.com/pyramidgo/redissessions/session"
	"github.com/pyramidgo/redissessions/session/dbsc"
)

// TestOverHTTP: net/http serves the whole life of a bound session.
func TestOverHTTP(t *testing.T) {
	kit := boundtest.NewKit(t)
	server := httptest.NewServer(kit.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s, err := session.FromRequest(r)
		if err != nil {
			return
		}
		switch r.URL.Path {
		case "/login":
			err = s.Login(r.Context(), boundtest.User)
		case "/logout":
			err = s.Invalidate(r.Context())
		case "/write":
			s.Set("k", 1)
		default:
			_, err = io.WriteString(w, s.User())
		}
		if err != nil {
			t.Error(err)
		}
	})))
	t.Cleanup(server.Close)
	boundtest.Run(t, kit, server.URL)
}

// TestRawRequests: what no client of this language sends. None gets a bound cookie or leave for
// another site, and none ends the session.
func TestRawRequests(t *testing.T) {
	s := newSite(t, dbsc.Options{})
	b := newBrowser(s).bound()
	server := httptest.NewServer(s.handler)
	t.Cleanup(server.Close)
	id, good := "Sec-Secure-Session-Id: "+b.known.ID, "Secure-Session-Response: "+b.proof(b.ask(), false)
	const refresh = "POST /.session/refresh HTTP/1.1"
	chunks := strings.Repeat("400\r\n"+strings.Repeat("x", 1<<10)+"\r\n", 17) + "0\r\n\r\n"
	for name, c := range map[string]struct {
		lines []string
		body  string
		code  int
	}{
		"HTTP/1.0":                     {[]string{"POST /.session/refresh HTTP/1.0", id}, "", 403},
		"an absolute URI":              {[]string{"POST http://example.com/.session/refresh HTTP/1.1", id}, "", 403},
		"an escape in the path":        {[]string{"POST /.session/%72efresh HTTP/1.1", id}, "", 403},
		"a query":                      {[]string{refresh[:len(refresh)-9] + "?a=b HTTP/1.1", id}, "", 403},
		"a tab around the identifier":  {[]string{refresh, strings.Replace(id, ": ", ":\t", 1) + "\t"}, "", 403},
		"a second line of cookies":     {[]string{refresh, id, "Cookie: a=b"}, "", 403},
		"a method in small letters":    {[]string{"post /.session/refresh HTTP/1.1", id, good}, "", 405},
		"HEAD":                         {[]string{"HEAD /.session/refresh HTTP/1.1", id, good}, "", 405},
		"a preflight":                  {[]string{"OPTIONS /.session/refresh HTTP/1.1", "Origin: https://example.net", "Access-Control-Request-Method: POST"}, "", 405},
		"the identifier in two lines":  {[]string{refresh, id, strings.ToLower(id), good}, "", 400},
		"a proof that is folded":       {[]string{refresh, id, good[:60] + "\r\n " + good[60:]}, "", 400},
		"a proof in two lines":         {[]string{refresh, id, good, good}, "", 400},
		"a zero byte":                  {[]string{refresh, id + "\x00", good}, "", 400},
		"no identifier":                {[]string{refresh, good}, "", 400},
		"a long proof":                 {[]string{refresh, id, "Secure-Session-Response: " + strings.Repeat("a.", 9000)}, "", 431},
		"a long body":                  {[]string{refresh, id, good, "Content-Length: 1000000"}, "", 413},
		"a long body in chunks":        {[]string{refresh, id, good, "Transfer-Encoding: chunked"}, chunks, 413},
		"an identifier that is folded": {[]string{refresh, `Sec-Secure-Session-Id: "` + b.known.ID[:5] + "\r\n " + b.known.ID[5:] + `"`, good}, "", 200},
		"an identifier with a tag":     {[]string{refresh, `Sec-Secure-Session-Id: "<script>"`, good}, "", 200},
	} {
		lines := append(slices.Clone(c.lines), "Host: example.com", "Connection: close", "Cookie: session="+b.Cookie("session"), "", c.body)
		resp, text := sendRaw(t, server, strings.Join(lines, "\r\n"))
		if resp.StatusCode != c.code || len(resp.Cookies()) > 0 {
			t.Errorf("%s: status %d, %d cookies", name, resp.StatusCode, len(resp.Cookies()))
		}
		if challenged.MatchString(resp.Header.Get("Secure-Session-Challenge")) != (c.code == http.StatusForbidden) {
			t.Errorf("%s: challenge %q", name, resp.Header["Secure-Session-Challenge"])
		}
		if c.code == http.StatusOK && (!strings.Contains(text, `"continue":false`) || strings.Contains(text, "<")) {
			t.Errorf("%s: %s", name, text)
		}
		if resp.Header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: it may be read by another site", name)
		}
	}
	resp, text := sendRaw(t, server, strings.Join([]string{refresh, id, good, "Host: example.com", "Cookie: session=" + b.Cookie("session"), "", ""}, "\r\n"))
	if resp.StatusCode != http.StatusOK || !setsCookie(resp, boundName) {
		t.Errorf("the proof afterwards: status %d, %s", resp.StatusCode, text)
	}
}

// sendRaw sends a request as it is written.
func sendRaw(t *testing.T, server *httptest.Server, request string) (*http.Response, string) {
	t.Helper()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		_, _ = fmt.Fprint(conn, request) // the server may have closed the connection before its end
	}()
	defer func() { conn.Close(); <-sent }()
	method, _, _ := strings.Cut(request, " ")
	resp, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
	if err != nil {
		t.Fatalf("%.40q: %v", request, err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 4<<10))
	if err != nil {
		t.Fatalf("%.40q: %v", request, err)
	}
	return resp, string(text)
}
