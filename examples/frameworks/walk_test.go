package main

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// The session is saved, and its cookie sent, before the first byte of a response
// whose handler goes on and on.
func TestSavedBeforeTheFirstByte(t *testing.T) {
	underEach(t, func(t *testing.T, st *site) {
		v := st.visitor()
		if st.framework == "connect-go" {
			v.page() // for the token that its POST needs
		}
		next := v.events()
		if line, err := next(); line != "still here 1" {
			t.Fatalf("first event %q: %v", line, err)
		}
		if v.cookie() == "" || !v.page().Listening {
			t.Errorf("cookie %q, listening %v", v.cookie(), v.page().Listening)
		}
	})
}

func TestFlashAfterARedirect(t *testing.T) {
	underEach(t, func(t *testing.T, st *site) {
		v := st.visitor()
		v.page()
		a := v.send("Sign", "Ada")
		if a.StatusCode != http.StatusOK {
			t.Fatalf("status %d: %s", a.StatusCode, a.body)
		}
		shown := a.body // the page that the redirect leads to
		if st.framework == "connect-go" {
			shown = fmt.Sprint(v.page().Messages)
		}
		if !strings.Contains(shown, "Thank you, Ada") {
			t.Errorf("the next page shows %s", shown)
		}
		if p := v.page(); len(p.Messages) != 0 {
			t.Errorf("the page after it still shows %v", p.Messages)
		}
	})
}

func TestCSRF(t *testing.T) {
	underEach(t, func(t *testing.T, st *site) {
		v := st.visitor()
		v.page()
		right := v.token
		for name, token := range map[string]string{"no": "", "another visitor's": st.visitor().page().Token} {
			v.token = token
			if a := v.send("Sign", "Mallory"); a.StatusCode != http.StatusForbidden {
				t.Errorf("%s token: status %d: %s", name, a.StatusCode, a.body)
			}
		}
		v.token = right
		r := v.request("Sign", "Mallory")
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		if a := v.do(v.client, r); a.StatusCode != http.StatusForbidden {
			t.Errorf("from another site: status %d: %s", a.StatusCode, a.body)
		}
		if p := v.page(); len(p.Messages) != 0 {
			t.Errorf("a refused request left %v", p.Messages)
		}
	})
}

// A login gives the session another ID and another token; a logout ends it.
func TestLoginAndLogout(t *testing.T) {
	underEach(t, func(t *testing.T, st *site) {
		v := st.visitor()
		before := v.page()
		planted := v.cookie()
		if a := v.send("Login", "lovelace"); a.StatusCode != http.StatusOK {
			t.Fatalf("login: status %d: %s", a.StatusCode, a.body)
		}
		p := v.page()
		if p.User != "lovelace" || v.cookie() == planted || p.Token == before.Token {
			t.Errorf("user %q; the cookie is new: %v; the token is new: %v", p.User, v.cookie() != planted, p.Token != before.Token)
		}
		loggedIn := v.cookie()
		if a := v.send("Logout", ""); a.StatusCode != http.StatusOK {
			t.Fatalf("logout: status %d: %s", a.StatusCode, a.body)
		}
		for name, cookie := range map[string]string{"before the login": planted, "of the login": loggedIn} {
			other := st.visitor()
			other.setCookie(cookie)
			// Just after a renewal its old cookie may be refused with 409.
			if a := other.get(st.home()); strings.Contains(a.body, "lovelace") {
				t.Errorf("the cookie %s still opens the session: %s", name, a.body)
			}
		}
		if p := v.page(); p.User != "" {
			t.Errorf("after the logout the user is %q", p.User)
		}
	})
}

// While Redis is down the error page answers: not the application's page, and
// nothing that a framework makes of an error.
func TestRedisDownShowsTheErrorPage(t *testing.T) {
	underEach(t, func(t *testing.T, st *site) {
		v := st.visitor()
		v.page()
		st.redis.SetError("LOADING Redis is loading the dataset in memory")
		signed := v.send("Sign", "Ada")
		for name, a := range map[string]answer{
			"home":                   v.get(st.home()),
			"home of a new visitor":  st.visitor().get(st.home()),
			"sign":                   signed,
			"logout":                 v.send("Logout", ""),
			"a stream":               v.get(st.url + "/events"),
			"a stream's new visitor": st.visitor().get(st.url + "/events"),
		} {
			if st.framework == "connect-go" && strings.Contains(name, "stream") {
				continue // it has none at this path
			}
			if a.StatusCode != http.StatusServiceUnavailable || a.body != "Service Unavailable\n" || a.Header.Get("Location") != "" {
				t.Errorf("%s: status %d, body %q", name, a.StatusCode, a.body)
			}
			if a.Header.Get("Retry-After") == "" || a.Header.Get("Cache-Control") != "no-store" {
				t.Errorf("%s: header %v", name, a.Header)
			}
		}
		st.redis.SetError("")
		if p := v.page(); len(p.Messages) != 0 {
			t.Errorf("a request that was answered with an error left %v", p.Messages)
		}
	})
}

// A stream and a websocket keep their session alive, for much longer than its idle
// timeout, and end with it.
func TestStreamsLiveAndEndWithTheSession(t *testing.T) {
	for name, open := range map[string]func(*visitor) listener{
		"events":    (*visitor).events,
		"websocket": (*visitor).socket,
	} {
		t.Run(name, func(t *testing.T) {
			underEach(t, func(t *testing.T, st *site) {
				v := st.visitor()
				v.page()
				v.send("Login", "lovelace")
				v.page()
				next := open(v)
				for n := 1; n <= 4; n++ {
					if line, err := next(); line != fmt.Sprintf("still here %d", n) {
						t.Fatalf("%q: %v", line, err)
					}
					st.redis.FastForward(19 * time.Minute)
					if n < 4 {
						st.next()
					}
				}
				if p := v.page(); p.User != "lovelace" || !p.Listening {
					t.Fatalf("after 76 minutes: user %q, listening %v", p.User, p.Listening)
				}
				if a := v.send("Logout", ""); a.StatusCode != http.StatusOK {
					t.Fatalf("logout: status %d", a.StatusCode)
				}
				st.next()
				if line, err := next(); !errors.Is(err, io.EOF) {
					t.Errorf("after the logout: %q, %v", line, err)
				}
			})
		})
	}
}

// Compression around the session changes neither its cookie nor its error page.
func TestGzip(t *testing.T) {
	underEach(t, func(t *testing.T, st *site) {
		v := st.visitor()
		get := func() (*http.Response, string) {
			r, _ := http.NewRequest(http.MethodGet, st.home(), nil)
			r.Header.Set("Accept-Encoding", "gzip")
			resp, err := v.client.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			var body io.Reader = resp.Body
			if resp.Header.Get("Content-Encoding") == "gzip" {
				if body, err = gzip.NewReader(body); err != nil {
					t.Fatal(err)
				}
			}
			text, err := io.ReadAll(body)
			if err != nil {
				t.Error(err)
			}
			return resp, string(text)
		}
		resp, body := get()
		if resp.Header.Get("Content-Encoding") != "gzip" || v.cookie() == "" || !strings.Contains(body, `"token":`) {
			t.Errorf("header %v, body %q", resp.Header, body)
		}
		st.redis.SetError("LOADING Redis is loading the dataset in memory")
		if resp, body = get(); resp.StatusCode != http.StatusServiceUnavailable || body != "Service Unavailable\n" {
			t.Errorf("Redis down: status %d, header %v, body %q", resp.StatusCode, resp.Header, body)
		}
	})
}

// A handler that takes too long is answered for, and the session goes on.
func TestTimeout(t *testing.T) {
	underEach(t, func(t *testing.T, st *site) {
		v := st.visitor()
		v.page()
		v.send("Login", "lovelace")
		want := http.StatusServiceUnavailable
		if st.framework == "fiber" {
			want = http.StatusRequestTimeout
		}
		if a := v.get(st.url + "/slow"); a.StatusCode != want {
			t.Errorf("status %d, want %d: %s", a.StatusCode, want, a.body)
		}
		if p := v.page(); p.User != "lovelace" {
			t.Errorf("afterwards the user is %q", p.User)
		}
	})
}

// A panic is answered with an error page, and the session goes on.
func TestPanics(t *testing.T) {
	underEach(t, func(t *testing.T, st *site) {
		v := st.visitor()
		v.page()
		v.send("Login", "lovelace")
		v.page()
		var a answer
		if st.framework == "connect-go" {
			a = v.send("Panic", "")
		} else {
			a = v.get(st.url + "/panic")
		}
		if a.StatusCode != http.StatusInternalServerError {
			t.Errorf("status %d: %s", a.StatusCode, a.body)
		}
		if p := v.page(); p.User != "lovelace" || len(p.Messages) != 0 {
			t.Errorf("afterwards the user is %q, messages %v", p.User, p.Messages)
		}
	})
}
