package apps

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// Check returns nil when a site does what the routes promise. An application
// is checked before it is timed: one that keeps nothing would win.
func Check(site Caller, cfg Config) error {
	c := newContent(cfg)
	v := &visitor{site: site}
	if err := errors.Join(v.checkSession(c), v.checkStranger(c)); err != nil {
		return fmt.Errorf("apps: check: %w", err)
	}
	return nil
}

// checkSession lives through one session from its creation to its end.
func (v *visitor) checkSession(c *content) error {
	if _, err := v.get("/unused"); err != nil {
		return err
	}
	if _, err := v.get("/create"); err != nil {
		return err
	}
	if v.cookie == "" {
		return errors.New("/create gave no cookie")
	}
	created := v.cookie
	want := map[string]string{}
	for i, name := range c.names {
		want[name] = c.values[i]
	}
	if err := v.holds(c, want, "after /create"); err != nil {
		return err
	}
	if _, err := v.get("/unused"); err != nil {
		return err
	}
	for range 3 {
		written, err := v.get("/write")
		switch {
		case err != nil:
			return err
		case len(written) != len(c.filler):
			return fmt.Errorf("/write wrote %d bytes, want %d", len(written), len(c.filler))
		case written == want[c.asked]:
			return errors.New("/write wrote the value that was there")
		}
		want[c.asked] = written
		if err := v.holds(c, want, "after /write"); err != nil {
			return err
		}
	}

	last := v.cookie
	if _, err := v.get("/invalidate"); err != nil {
		return err
	}
	if v.cookie != "" {
		return fmt.Errorf("/invalidate left the cookie %s", v.cookie)
	}
	for _, old := range []string{created, last} {
		if err := isGone(v.site, old, want); err != nil {
			return fmt.Errorf("after /invalidate: %w", err)
		}
	}
	return nil
}

// checkStranger makes sure that a session is only its visitor's.
func (v *visitor) checkStranger(c *content) error {
	a, b := &visitor{site: v.site}, &visitor{site: v.site}
	for _, visitor := range []*visitor{a, b} {
		if _, err := visitor.get("/create"); err != nil {
			return err
		}
	}
	if a.cookie == b.cookie {
		return errors.New("two visitors have one cookie")
	}
	want := c.values[len(c.values)/2]
	for _, route := range []string{"/write", "/invalidate"} {
		if _, err := a.get(route); err != nil {
			return err
		}
		read, err := b.get("/read")
		if err != nil {
			return err
		}
		if read != want {
			return fmt.Errorf("%s changed another visitor's session to %q", route, read)
		}
	}
	_, err := b.get("/invalidate")
	return err
}

// visitor keeps its cookies as a browser does.
type visitor struct {
	site   Caller
	cookie string
}

// get returns a page that must be there.
func (v *visitor) get(route string) (string, error) {
	a, err := v.site.Call(route, v.cookie)
	if err != nil {
		return "", err
	}
	if a.Status != http.StatusOK {
		return "", fmt.Errorf("%s answers %d: %.200s", route, a.Status, a.Body)
	}
	for _, c := range a.Cookies() {
		v.cookie = c.Name + "=" + c.Value
		if c.MaxAge < 0 {
			v.cookie = ""
		}
	}
	return a.Body, nil
}

// holds checks every key of the session.
func (v *visitor) holds(c *content, want map[string]string, when string) error {
	got, err := v.get("/read")
	if err == nil && got != want[c.asked] {
		err = fmt.Errorf("/read returns %q, want %q", got, want[c.asked])
	}
	if err != nil {
		return fmt.Errorf("%s: %w", when, err)
	}
	for _, name := range c.names {
		got, err := v.get("/read?key=" + name)
		if err == nil && got != want[name] {
			err = fmt.Errorf("%s is %q, want %q", name, got, want[name])
		}
		if err != nil {
			return fmt.Errorf("%s: %w", when, err)
		}
	}
	return nil
}

// isGone checks that an old cookie brings back nothing that the session held.
// Some libraries answer an error for it and some an empty page.
func isGone(site Caller, cookie string, held map[string]string) error {
	for name, value := range held {
		a, err := site.Call("/read?key="+name, cookie)
		switch {
		case err != nil:
			return err
		case a.Status >= http.StatusInternalServerError:
			return fmt.Errorf("the old cookie is answered by %d: %.200s", a.Status, a.Body)
		case strings.Contains(a.Body, value):
			return fmt.Errorf("the old cookie still reads %s", name)
		}
	}
	return nil
}
