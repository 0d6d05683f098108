package golden_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/pyramidgo/redissessions/session"
)

// reading is all that an application, the visitor's browser and an operator get of a stored
// session. Times are in UTC, "" for none.
type reading struct {
	New             bool
	Created         string `json:",omitempty"`
	Timeout         string
	EndsIdle        string            `json:",omitempty"`
	EndsAbsolute    string            `json:",omitempty"`
	User, LoginTime string            `json:",omitempty"`
	Values          map[string]string // by Get, with their types
	Typed           map[string]string `json:",omitempty"` // by session.Value
	Flash           map[string]string `json:",omitempty"`
	CSRFToken       string            `json:",omitempty"`
	SetCookie       []string          `json:",omitempty"`
	SessionsOfUser  []string          `json:",omitempty"`
	Sets            []string          `json:",omitempty"` // of the sessions of users and labels
	Entries         []string          `json:",omitempty"` // in these, after the session was read, and their ends
	LeftAfterLogout []string          `json:",omitempty"` // keys
	LeftAfterEndAll []string          `json:",omitempty"` // keys
	EndedByUser     int               `json:",omitempty"` // how many sessions EndAll ends
	EndedByLabel    int               `json:",omitempty"` // and EndLabel
	StatusOfAChange int
	KeptByTheChange []string `json:",omitempty"` // keys of the session
	OnceRan         bool     `json:",omitempty"`
	StatusWhileRead int
}

// read looks at a stored session in every way. Each look is at a Redis in which the session is as
// it was stored.
func read(newReader func() *world, users []string) reading {
	r := reading{Values: map[string]string{}, Typed: map[string]string{}, Flash: map[string]string{}}
	w := newReader()
	resp := w.visit(func(ctx context.Context, s *session.Session) { r.look(ctx, w, s) })
	r.StatusWhileRead, r.SetCookie = resp.StatusCode, resp.Header["Set-Cookie"]
	for _, k := range sets(w) {
		r.Entries = append(r.Entries, entriesOf(w, k)...)
	}
	for _, user := range users {
		all, err := w.sessions.Sessions(w.t.Context(), user)
		if err != nil {
			w.t.Errorf("the sessions of %s: %v", user, err)
		}
		for _, i := range all {
			r.SessionsOfUser = append(r.SessionsOfUser, fmt.Sprintf("%s: handle %s, created %s, logged in %s, last seen %s, expires %s, remembered %v, about %q",
				user, i.Handle, moment(i.Created), moment(i.LoggedIn), moment(i.LastSeen), moment(i.Expires), i.Remembered, i.About))
		}
	}

	w = newReader()
	for _, k := range sets(w) {
		r.Sets = append(r.Sets, describeSet(w, k))
	}
	w.send(request(), func(_ http.ResponseWriter, req *http.Request) {
		if err := w.sessions.Invalidate(req); err != nil {
			w.t.Errorf("the logout: %v", err)
		}
	})
	r.LeftAfterLogout = w.redis.Keys()

	for _, user := range users {
		w = newReader()
		var err error
		if r.EndedByUser, err = w.sessions.EndAll(w.t.Context(), user); err != nil {
			w.t.Errorf("the end of all sessions of %s: %v", user, err)
		}
		r.LeftAfterEndAll = w.redis.Keys()
		w = newReader()
		if r.EndedByLabel, err = w.sessions.EndLabel(w.t.Context(), labelName, labelValue); err != nil {
			w.t.Errorf("the end of all sessions with a label: %v", err)
		}
	}
	r.change(newReader())
	return r
}

// look is what a handler sees.
func (r *reading) look(ctx context.Context, w *world, s *session.Session) {
	r.New, r.Created, r.Timeout = s.IsNew(), moment(s.Created()), s.Timeout().String()
	if r.New {
		r.Created = "" // it begins now
	}
	idle, absolute := s.Expires()
	r.EndsIdle, r.EndsAbsolute = moment(idle), moment(absolute)
	r.User, r.LoginTime = s.User(), moment(s.LoginTime())
	for _, k := range s.Keys() {
		v, _ := s.Get(k)
		r.Values[k] = describe(v)
		if queue, ok := strings.CutPrefix(k, "_f_"); ok {
			r.Flash[queue] = describe(s.PeekFlash(queue))
		}
		if read := typed[k]; read != nil {
			if text, ok := read(s); ok {
				r.Typed[k] = text
			}
		}
	}
	if s.Has("_csrft_") {
		token, err := s.CSRFToken(ctx)
		if err != nil {
			w.t.Errorf("the CSRF token: %v", err)
		}
		r.CSRFToken = token
	}
}

// change changes the session, and looks whether everything else stays.
func (r *reading) change(w *world) {
	resp := w.visit(func(ctx context.Context, s *session.Session) {
		s.Set("added", true)
		if s.Has("_once_refresh") {
			_, err := session.Once(ctx, s, "refresh", func(context.Context) (int, error) {
				r.OnceRan = true
				return 1, nil
			})
			if err != nil {
				w.t.Errorf("Once: %v", err)
			}
		}
	})
	r.StatusOfAChange = resp.StatusCode
	w.visit(func(_ context.Context, s *session.Session) {
		for _, k := range s.Keys() {
			v, _ := s.Get(k)
			if text := describe(v); text == r.Values[k] || k == "added" && text == "bool true" {
				r.KeptByTheChange = append(r.KeptByTheChange, k)
			}
		}
	})
	slices.Sort(r.KeptByTheChange)
}

// sets returns the keys of the sets.
func sets(w *world) []string {
	return slices.DeleteFunc(w.redis.Keys(), func(k string) bool { return w.redis.Type(k) != "zset" })
}

// entriesOf returns until when a set has each of its entries.
func entriesOf(w *world, key string) []string {
	members, err := w.redis.SortedSet(key)
	if err != nil {
		w.t.Errorf("the set %s: %v", key, err)
	}
	var all []string
	for member, end := range members {
		if member != "" { // its epoch
			all = append(all, fmt.Sprintf("%s: %x until %s", key, member, moment(time.UnixMilli(int64(end)))))
		}
	}
	slices.Sort(all)
	return all
}

// describeSet returns a set of sessions as the connector reads it.
func describeSet(w *world, key string) string {
	state, err := w.index.IndexList(w.t.Context(), key)
	if err != nil {
		w.t.Errorf("the set %s: %v", key, err)
	}
	return fmt.Sprintf("%s: %d entries, epoch %d", key, len(state.Entries), state.Epoch)
}

func moment(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.UTC().Format(time.RFC3339Nano)
}

// describe returns a value with its types, for a person to read.
func describe(v any) string {
	switch v := v.(type) {
	case nil:
		return "nil"
	case string:
		return fmt.Sprintf("string %q", v)
	case []byte:
		return fmt.Sprintf("[]byte %x", v)
	case time.Time:
		return "time " + v.Format(time.RFC3339Nano)
	case []any:
		parts := make([]string, len(v))
		for i, e := range v {
			parts[i] = describe(e)
		}
		return "list [" + strings.Join(parts, ", ") + "]"
	case map[string]any:
		var parts []string
		for k, e := range v {
			parts = append(parts, fmt.Sprintf("%q: %s", k, describe(e)))
		}
		slices.Sort(parts)
		return "map {" + strings.Join(parts, ", ") + "}"
	}
	return fmt.Sprintf("%T %v", v, v)
}
