package handlertest

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// jar keeps a visitor's cookies, by the kit's clock, which that of net/http/cookiejar
// does not. There is one site, so that it does not look at domains.
type jar struct {
	clock *clock

	mu      sync.Mutex
	cookies []kept
}

type kept struct {
	http.Cookie

	expires time.Time // zero: with the browser
}

// keep does what a browser does with the cookies of a response to a request for path.
func (j *jar) keep(path string, secure bool, set []*http.Cookie) {
	j.mu.Lock()
	defer j.mu.Unlock()
	now := j.clock.Now()
	for _, c := range set {
		if c.Secure && !secure {
			continue
		}
		k := kept{Cookie: *c}
		if !strings.HasPrefix(k.Path, "/") {
			k.Path = path[:max(strings.LastIndexByte(path, '/'), 1)]
		}
		switch {
		case c.MaxAge < 0:
			k.expires = time.Unix(0, 0)
		case c.MaxAge > 0:
			k.expires = now.Add(time.Duration(c.MaxAge) * time.Second)
		default:
			k.expires = c.Expires
		}
		j.cookies = slices.DeleteFunc(j.cookies, func(old kept) bool { return old.Name == k.Name && old.Path == k.Path })
		j.cookies = append(j.cookies, k)
	}
}

// all returns the cookies that have not expired, those with the longest paths first.
func (j *jar) all() []kept {
	j.mu.Lock()
	defer j.mu.Unlock()
	now := j.clock.Now()
	j.cookies = slices.DeleteFunc(j.cookies, func(c kept) bool { return !c.expires.IsZero() && !c.expires.After(now) })
	found := slices.Clone(j.cookies)
	slices.SortStableFunc(found, func(a, b kept) int { return len(b.Path) - len(a.Path) })
	return found
}

// add gives a request the cookies that a browser would send with it.
func (j *jar) add(r *http.Request) {
	for _, c := range j.all() {
		if inPath(c.Path, r.URL.Path) && (!c.Secure || r.TLS != nil) {
			r.AddCookie(&http.Cookie{Name: c.Name, Value: c.Value})
		}
	}
}

// inPath is the path-match of RFC 6265, section 5.1.4.
func inPath(cookie, request string) bool {
	rest, ok := strings.CutPrefix(request, cookie)
	return ok && (rest == "" || strings.HasSuffix(cookie, "/") || rest[0] == '/')
}

func (j *jar) forget() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.cookies = nil
}
