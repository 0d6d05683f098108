package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
)

// check is one visitor who logs in and out on each side and looks at the other.
func (s *stack) check(ctx context.Context, out io.Writer) error {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return err
	}
	b := &browser{ctx: ctx, base: s.url, client: http.Client{Jar: jar}}
	for _, step := range []struct {
		what, method, path, user, want string
	}{
		{"a stranger is nobody to Go", "GET", "/", "", "user: <b>nobody</b>"},
		{"and nobody to Python", "GET", "/py/", "", "user: <b>nobody</b>"},
		{"ann logs in, in Go", "POST", "/login", "ann", "user: <b>ann</b>"},
		{"Python knows her", "GET", "/py/", "", "user: <b>ann</b>"},
		{"she logs out, in Python", "POST", "/py/logout", "", "user: <b>nobody</b>"},
		{"Go does not know her any more", "GET", "/", "", "user: <b>nobody</b>"},
		{"bob logs in, in Python", "POST", "/py/login", "bob", "user: <b>bob</b>"},
		{"Go knows him", "GET", "/", "", "user: <b>bob</b>"},
		{"ann logs in over it, in Go", "POST", "/login", "ann", "Go has logged you in."},
		{"what Python kept is what it was", "GET", "/py/where", "", "('python', datetime.datetime(2024, 1, 2, 3, 4, 5))"},
		{"Python knows her", "GET", "/py/", "", "user: <b>ann</b>"},
		{"she logs out, in Go", "POST", "/logout", "", "user: <b>nobody</b>"},
		{"Python does not know her any more", "GET", "/py/", "", "user: <b>nobody</b>"},
	} {
		body, err := b.do(step.method, step.path, step.user)
		if err != nil {
			return fmt.Errorf("pyramid: %s: %w", step.what, err)
		}
		if !strings.Contains(body, step.want) {
			return fmt.Errorf("pyramid: %s: the page does not say %q:\n%s", step.what, step.want, body)
		}
		fmt.Fprintln(out, "ok:", step.what)
	}
	return nil
}

type browser struct {
	ctx    context.Context
	base   string
	client http.Client
}

// do makes a request, follows the redirect, and returns the page.
func (b *browser) do(method, path, user string) (string, error) {
	form := strings.NewReader(url.Values{"user": {user}}.Encode())
	r, err := http.NewRequestWithContext(b.ctx, method, b.base+path, form)
	if err != nil {
		return "", err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := b.client.Do(r)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", resp.Status, body)
	}
	return string(body), err
}
