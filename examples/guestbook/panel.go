package main

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"time"

	"github.com/pyramidgo/redissessions/session"
)

// panel is what the page tells about the visitor's session. Never its ID:
// whoever has that and the secret is the visitor.
type panel struct {
	New      bool
	Created  time.Time
	LoggedIn time.Time // zero when the visitor is not
	Timeout  value
	Values   []value
}

type value struct {
	Key, Text string
	Secret    bool
	Mark      string // what changed since the visitor saw the panel last
}

// panelOf describes the session, and keeps in it what the panel shows, so that the
// next one can mark what has changed.
func panelOf(s *session.Session) panel {
	seen, seenBefore := session.Value[map[string]string](s, "panel")
	shows := map[string]string{}
	s.Set("panel", shows) // filled in below: the save stores the map as it is then
	mark := func(v value, now string) value {
		before, known := seen[v.Key]
		switch shows[v.Key] = now; {
		case !seenBefore || before == now:
		case !known, v.Secret:
			v.Mark = "new"
		default:
			v.Mark = "was " + before
		}
		return v
	}

	p := panel{New: s.IsNew(), Created: s.Created(), LoggedIn: s.LoginTime()}
	timeout := inWords(s.Timeout())
	p.Timeout = mark(value{Key: "Timeout", Text: timeout}, timeout)
	for key, v := range s.All() {
		described := describe(key, v)
		now := described.Text
		if described.Secret {
			now = fmt.Sprintf("%.8x", sha256.Sum256(fmt.Append(nil, v)))
		}
		p.Values = append(p.Values, mark(described, now))
	}
	return p
}

// describe returns a value for the page. Keys with an underscore in front are the
// session package's own: the user, the CSRF token, flash messages.
func describe(key string, v any) value {
	switch {
	case strings.HasPrefix(key, "_csrf"):
		return value{Key: key, Text: "hidden; the forms carry it", Secret: true}
	case key == "panel":
		return value{Key: key, Text: "what you saw here last"}
	}
	if text, ok := v.(string); ok {
		return value{Key: key, Text: fmt.Sprintf("%q", text)}
	}
	return value{Key: key, Text: fmt.Sprint(v)}
}

// inWords says a time-out as people do.
func inWords(d time.Duration) string {
	units := []struct {
		size time.Duration
		name string
	}{{24 * time.Hour, "day"}, {time.Hour, "hour"}, {time.Minute, "minute"}, {time.Second, "second"}}
	if d == 0 {
		return "never"
	}
	for _, unit := range units {
		if d < unit.size || d%unit.size != 0 {
			continue
		}
		n := int64(d / unit.size)
		if n == 1 {
			return "1 " + unit.name
		}
		return fmt.Sprintf("%d %ss", n, unit.name)
	}
	return d.String()
}

// ago says how long ago something was, in its largest unit.
func ago(d time.Duration) string {
	for _, unit := range []time.Duration{24 * time.Hour, time.Hour, time.Minute} {
		if d >= unit {
			return inWords(d.Truncate(unit)) + " ago"
		}
	}
	return "just now"
}
