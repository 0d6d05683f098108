package apps

import (
	"strings"
	"testing"

	"github.com/pyramidgo/redissessions/internal/connecttest"
)

// spoiled is a site that answers some requests in its own way.
type spoiled struct {
	Site
	call func(site Site, route, cookie string) (Answer, error)
}

func (s spoiled) Call(route, cookie string) (Answer, error) { return s.call(s.Site, route, cookie) }

// instead returns a call that asks for another route in place of one.
func instead(route, other string) func(Site, string, string) (Answer, error) {
	return func(site Site, asked, cookie string) (Answer, error) {
		if asked == route {
			asked = other
		}
		return site.Call(asked, cookie)
	}
}

func TestCheckFinds(t *testing.T) {
	cfg := Config{Redis: connecttest.RedisServer(t).Addr(), Keys: 10, ValueBytes: 90}
	for _, c := range []struct {
		fault, want string
		call        func(site Site, route, cookie string) (Answer, error)
	}{
		{"a page that is not there", "answers 404", instead("/unused", "/unknown")},
		{"no cookie", "gave no cookie", instead("/create", "/unused")},
		{"one cookie for everybody", "one cookie", func() func(Site, string, string) (Answer, error) {
			var first *Answer
			return func(site Site, route, cookie string) (Answer, error) {
				a, err := site.Call(route, cookie)
				if route == "/create" && first == nil {
					first = &a
				}
				if route == "/create" {
					a.SetCookie = first.SetCookie
				}
				return a, err
			}
		}()},
		{"a write that is not kept", "after /write", func(site Site, route, cookie string) (Answer, error) {
			a, err := site.Call(strings.Replace(route, "/write", "/read", 1), cookie)
			if route == "/write" {
				a.Body = strings.ToUpper(a.Body)
			}
			return a, err
		}},
		{"a write of what was there", "the value that was there", instead("/write", "/read")},
		{"a write that loses other keys", "key-000 is", func(site Site, route, cookie string) (Answer, error) {
			if route == "/read?key=key-000" {
				return Answer{Status: 200}, nil
			}
			return site.Call(route, cookie)
		}},
		{"a logout that leaves the cookie", "left the cookie", instead("/invalidate", "/unused")},
		{"a logout that leaves the record", "still reads", func(site Site, route, cookie string) (Answer, error) {
			if route == "/invalidate" {
				cookie = "session=another"
			}
			return site.Call(route, cookie)
		}},
	} {
		t.Run(c.fault, func(t *testing.T) {
			site, err := openBare(cfg)
			if err != nil {
				t.Fatal(err)
			}
			defer site.Close()
			err = Check(spoiled{site, c.call}, cfg)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("Check: %v, want an error with %q", err, c.want)
			}
		})
	}
}
