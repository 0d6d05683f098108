package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/pyramidgo/redissessions/session"
)

// panel is what the page tells about the visitor's session. Never its ID:
// whoever has that and the secret is the visitor.
type panel struct {
	New     bool
	Created time.Time
	Timeout string
	Values  []value
}

type value struct {
	Key, Text string
	Secret    bool
}

func panelOf(s *session.Session) panel {
	p := panel{New: s.IsNew(), Created: s.Created(), Timeout: inWords(s.Timeout())}
	for key, v := range s.All() {
		p.Values = append(p.Values, describe(key, v))
	}
	return p
}

// describe returns a value for the page. Keys with an underscore in front are the
// session package's own, as in Pyramid: the CSRF token, and flash messages.
func describe(key string, v any) value {
	if strings.HasPrefix(key, "_csrf") {
		return value{Key: key, Text: "hidden; the forms carry it", Secret: true}
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
