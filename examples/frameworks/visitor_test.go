package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"time"

	"github.com/coder/websocket"
	"github.com/pyramidgo/redissessions/session"
)

// visitor is a browser, or, of huma and connect-go, an API's client that keeps
// cookies.
type visitor struct {
	*site
	client *http.Client
	token  string // of the last page
}

func (st *site) visitor() *visitor {
	jar, _ := cookiejar.New(nil)
	client := &http.Client{Jar: jar, Transport: &http.Transport{}, Timeout: time.Minute}
	st.t.Cleanup(client.CloseIdleConnections)
	return &visitor{site: st, client: client}
}

// page gets the home page, which must be there.
func (v *visitor) page() (p page) {
	v.t.Helper()
	a := v.get(v.home())
	if a.StatusCode != http.StatusOK {
		v.t.Fatalf("home page: status %d: %s", a.StatusCode, a.body)
	}
	if err := json.Unmarshal([]byte(a.body), &p); err != nil {
		v.t.Fatalf("home page: %v: %q", err, a.body)
	}
	v.token = p.Token
	return p
}

func (v *visitor) get(target string) answer {
	v.t.Helper()
	r, err := http.NewRequest(http.MethodGet, target, nil)
	if err != nil {
		v.t.Fatal(err)
	}
	return v.do(v.client, r)
}

// send does what a form on the page does, "Sign", "Login" or "Logout", and follows
// the redirect that answers it. It returns the last response.
func (v *visitor) send(what, name string) answer {
	v.t.Helper()
	return v.do(v.client, v.request(what, name))
}

func (v *visitor) request(what, name string) *http.Request {
	v.t.Helper()
	target, kind, body := v.url+"/"+strings.ToLower(what), "application/json", ""
	switch v.framework {
	case "connect-go":
		target = v.url + service + what
		body = quoted(name)
	case "huma":
		body = `{"name":` + quoted(name) + `}`
	default:
		kind = "application/x-www-form-urlencoded"
		body = url.Values{"name": {name}, session.CSRFFormField: {v.token}}.Encode()
	}
	r, err := http.NewRequest(http.MethodPost, target, strings.NewReader(body))
	if err != nil {
		v.t.Fatal(err)
	}
	r.Header.Set("Content-Type", kind)
	if kind == "application/json" {
		r.Header.Set(session.CSRFHeader, v.token)
	}
	return r
}

func quoted(s string) string {
	b, _ := json.Marshal(s)
	return string(b)
}

// cookie returns the session's cookie, "" when there is none.
func (v *visitor) cookie() string {
	u, _ := url.Parse(v.url)
	for _, c := range v.client.Jar.Cookies(u) {
		if c.Name == cookieName {
			return c.Value
		}
	}
	return ""
}

func (v *visitor) setCookie(value string) {
	u, _ := url.Parse(v.url)
	v.client.Jar.SetCookies(u, []*http.Cookie{{Name: cookieName, Value: value}})
}

// listener reads what an open stream or websocket sends, io.EOF at its end.
type listener func() (line string, err error)

// events opens the stream of events.
func (v *visitor) events() listener {
	v.t.Helper()
	r, err := http.NewRequest(http.MethodGet, v.url+"/events", nil)
	if v.framework == "connect-go" {
		r, err = http.NewRequest(http.MethodPost, v.url+service+"Events", bytes.NewReader([]byte{0, 0, 0, 0, 2, '{', '}'}))
		r.Header.Set("Content-Type", "application/connect+json")
		r.Header.Set(session.CSRFHeader, v.token)
	}
	if err != nil {
		v.t.Fatal(err)
	}
	resp, err := v.client.Do(r)
	if err != nil {
		v.t.Fatal(err)
	}
	v.t.Cleanup(func() { resp.Body.Close() })
	if resp.StatusCode != http.StatusOK {
		v.t.Fatalf("events: status %d", resp.StatusCode)
	}
	read := bufio.NewReader(resp.Body)
	if v.framework == "connect-go" {
		return func() (string, error) { return readMessage(read) }
	}
	return func() (string, error) {
		line, err := read.ReadString('\n')
		if err == nil {
			_, err = read.ReadString('\n') // the empty line behind an event
		}
		return strings.TrimSpace(strings.TrimPrefix(line, "data: ")), err
	}
}

// readMessage reads a message of the Connect protocol's streams: a flag, the length,
// and JSON. The last one has the flag 2.
func readMessage(read io.Reader) (string, error) {
	var prefix [5]byte
	if _, err := io.ReadFull(read, prefix[:]); err != nil {
		return "", err
	}
	message := make([]byte, int(prefix[3])<<8|int(prefix[4]))
	if _, err := io.ReadFull(read, message); err != nil {
		return "", err
	}
	if prefix[0] == 2 {
		return "", io.EOF
	}
	var line string
	return line, json.Unmarshal(message, &line)
}

// socket opens the websocket.
func (v *visitor) socket() listener {
	v.t.Helper()
	conn, resp, err := websocket.Dial(v.t.Context(), v.url+"/socket", &websocket.DialOptions{HTTPClient: &http.Client{Jar: v.client.Jar, Transport: v.client.Transport}})
	if err != nil {
		v.t.Fatal(err)
	}
	if u, err := url.Parse(v.url); err == nil {
		v.client.Jar.SetCookies(u, resp.Cookies())
	}
	v.t.Cleanup(func() { _ = conn.CloseNow() })
	return func() (string, error) {
		_, line, err := conn.Read(v.t.Context())
		if closed, ok := errors.AsType[websocket.CloseError](err); ok && closed.Code == websocket.StatusNormalClosure {
			err = io.EOF
		}
		return string(line), err
	}
}
