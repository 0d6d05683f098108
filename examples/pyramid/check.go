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

// check is a visitor with two browsers, who logs in and out on each side and looks at
// the other.
func (s *stack) check(ctx context.Context, out io.Writer) error {
	var browsers [2]*browser
	for i := range browsers {
		jar, err := cookiejar.New(nil)
		if err != nil {
			return err
		}
		browsers[i] = &browser{ctx: ctx, base: s.url, client: http.Client{Jar: jar}}
	}
	const desk, phone = 0, 1
	for _, step := range []struct {
		on                             int
		what, method, path, user, want string
	}{
		{desk, "a stranger is nobody to Go", "GET", "/", "", "user: <b>nobody</b>"},
		{desk, "and nobody to Python", "GET", "/py/", "", "user: <b>nobody</b>"},
		{desk, "who has nothing to end there", "POST", "/py/everywhere", "", "user: <b>nobody</b>"},
		{desk, "ann logs in, in Go", "POST", "/login", "ann", "user: <b>ann</b>"},
		{desk, "Python knows her", "GET", "/py/", "", "user: <b>ann</b>"},
		{desk, "she logs out, in Python", "POST", "/py/logout", "", "user: <b>nobody</b>"},
		{desk, "Go does not know her any more", "GET", "/", "", "user: <b>nobody</b>"},
		{desk, "bob logs in, in Python", "POST", "/py/login", "bob", "user: <b>bob</b>"},
		{desk, "Go knows him", "GET", "/", "", "user: <b>bob</b>"},
		{desk, "ann logs in over it, in Go", "POST", "/login", "ann", "Go has logged you in."},
		{desk, "what Python kept is what it was", "GET", "/py/where", "", "('python', datetime.datetime(2024, 1, 2, 3, 4, 5))"},
		{desk, "Python knows her", "GET", "/py/", "", "user: <b>ann</b>"},
		{desk, "she logs out, in Go", "POST", "/logout", "", "user: <b>nobody</b>"},
		{desk, "Python does not know her any more", "GET", "/py/", "", "user: <b>nobody</b>"},

		{desk, "eve logs in, in Python", "POST", "/py/login", "eve", "user: <b>eve</b>"},
		{phone, "and on her telephone, in Go", "POST", "/login", "eve", "user: <b>eve</b>, logged in 2 times"},
		{desk, "Go lists the login that Python made", "GET", "/", "", "user: <b>eve</b>, logged in 2 times"},
		{phone, "Go ends both sessions", "POST", "/everywhere", "", "Go has ended 2 sessions."},
		{desk, "Python does not know her any more", "GET", "/py/", "", "user: <b>nobody</b>"},
		{desk, "nor does Go", "GET", "/", "", "user: <b>nobody</b>"},
		{phone, "nor does Go on her telephone", "GET", "/", "", "user: <b>nobody</b>"},

		{desk, "she logs in again, in Go", "POST", "/login", "eve", "user: <b>eve</b>, logged in 1 times"},
		{phone, "and on her telephone, in Python", "POST", "/py/login", "eve", "user: <b>eve</b>"},
		{phone, "Python ends both sessions", "POST", "/py/everywhere", "", "Python has ended 2 sessions."},
		{desk, "Go does not know her any more", "GET", "/", "", "user: <b>nobody</b>"},
		{phone, "nor does Python on her telephone", "GET", "/py/", "", "user: <b>nobody</b>"},
		{phone, "she logs in once more, in Python", "POST", "/py/login", "eve", "user: <b>eve</b>"},
		{phone, "and Go lists that login alone", "GET", "/", "", "user: <b>eve</b>, logged in 1 times"},
	} {
		body, err := browsers[step.on].do(step.method, step.path, step.user)
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
