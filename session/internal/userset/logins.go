package userset

import (
	"maps"
	"sync"
	"time"

	"github.com/pyramidgo/redissessions/session/internal/record"
)

// LoginTimes gives no two logins of a user the same time. A renewal keeps its session's time
// of login: by it the handle of a session finds the session after a renewal, and a login
// that ends the oldest sessions tells a renewal from a login. Two processes may
// still give the same time, when one user logs in at both in one millisecond. The zero value
// is ready to use, by several goroutines.
type LoginTimes struct {
	mu   sync.Mutex
	last map[record.UserHash]time.Time
}

// Next returns the time of a login: at, or the first millisecond that is free after it.
func (l *LoginTimes) Next(user record.UserHash, at time.Time) time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.last) >= mostLogins {
		maps.DeleteFunc(l.last, func(_ record.UserHash, last time.Time) bool { return last.Before(at) })
	}
	if l.last == nil {
		l.last = map[record.UserHash]time.Time{}
	}
	// Further ahead are logins of before the clock was put back.
	if last, ok := l.last[user]; ok && !last.Before(at) && last.Sub(at) < time.Second {
		at = last.Add(time.Millisecond)
	}
	l.last[user] = at
	return at
}

// mostLogins is how many users' last logins are kept before those that are over are dropped.
const mostLogins = 1000
