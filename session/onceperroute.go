package session

import "sync"

// maxRoutes bounds what oncePerRoute remembers.
const maxRoutes = 1000

// oncePerRoute is for log lines about a mistake in the program, which each
// request of a route would repeat. Beyond maxRoutes routes there are no more
// lines. The zero value is ready to use.
type oncePerRoute struct {
	mu   sync.Mutex
	seen map[string]bool
}

// first reports whether a route has not been seen yet.
func (o *oncePerRoute) first(route string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.seen[route] || len(o.seen) >= maxRoutes {
		return false
	}
	if o.seen == nil {
		o.seen = map[string]bool{}
	}
	o.seen[route] = true
	return true
}
