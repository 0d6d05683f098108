package session_test

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/pyramidgo/redissessions/encode"
	"github.com/pyramidgo/redissessions/encode/pickle"
	"github.com/pyramidgo/redissessions/session"
)

// everyFormat runs a test with every layout and in both Pyramid formats, with
// pickle and with JSON.
func everyFormat(t *testing.T, test func(t *testing.T, edit func(*session.Options))) {
	everyLayout(t, test)
	for _, format := range []session.Format{session.FormatPyramidRedisSessions, session.FormatPyramidSessionRedis} {
		for name, codec := range map[string]encode.Codec{"pickle": {}, "json": encode.JSON} {
			t.Run(format.String()+", "+name, func(t *testing.T) {
				test(t, func(o *session.Options) { o.Format, o.Codec = format, codec })
			})
		}
	}
	t.Run("encoding/json", func(t *testing.T) {
		test(t, func(o *session.Options) { o.Codec = standardJSON })
	})
	t.Run("pickle", func(t *testing.T) {
		test(t, func(o *session.Options) { o.Codec = pickle.Codec })
	})
}

// messages are values whose type changes when they are stored in a list, at least
// in some codec.
func messages() map[string]any {
	type level int8
	type word string
	type note struct {
		Text  string
		Count uint16
		Ratio float32
		At    time.Time
	}
	at := time.Date(2026, 11, 26, 12, 0, 0, 123456000, time.FixedZone("", 3600))
	return map[string]any{
		"nil": nil, "bool": true, "string": "saved",
		"int": 7, "int8": int8(-7), "int16": int16(700), "int32": int32(7), "int64": int64(7),
		"uint": uint(7), "uint8": uint8(200), "uint16": uint16(7), "uint32": uint32(7), "uint64": uint64(7),
		"float32": float32(0.1), "float64": 0.1, "whole": 3.0, "duration": time.Second,
		"time": at, "named int": level(3), "named string": word("w"), "bytes": []byte("b"),
		"struct": note{"t", 2, 0.1, at}, "pointer": &note{"t", 2, 0.1, at}, "ints": []int{1, 2}, "array": [2]uint8{1, 2},
		"map":         map[string]any{"n": 1, "list": []any{uint8(1), float32(2.5), note{"x", 1, 0.5, at}}},
		"map of ints": map[string]uint8{"a": 1}, "nested": []any{[]any{map[string]int{"n": 1}}},
	}
}

func TestPopFlashTakesWhatTheRequestFlashed(t *testing.T) {
	everyFormat(t, func(t *testing.T, edit func(*session.Options)) {
		for name, msg := range messages() {
			v := newVisitor(t, newTestFactory(t, newMemStore(), edit))
			v.visit(func(s *session.Session) { s.Flash("other", "there is a session") })
			v.visit(func(s *session.Session) {
				s.Flash("q", msg)
				if got := s.PopFlash("q"); len(got) != 1 {
					t.Errorf("%s: popped %v", name, got)
				}
				if left := s.PeekFlash("q"); len(left) > 0 || s.Has("_f_q") {
					t.Errorf("%s: %v was left after PopFlash", name, left)
				}
			})
			v.visit(func(s *session.Session) {
				if left := s.PeekFlash("q"); len(left) > 0 {
					t.Errorf("%s: the next request finds %v", name, left)
				}
				s.Flash("q", msg)
			})
			v.visit(func(s *session.Session) {
				s.Flash("q", msg) // beside the one that was loaded
				if got := s.PopFlash("q"); len(got) != 2 || s.Has("_f_q") {
					t.Errorf("%s: popped %v, left %v", name, got, s.PeekFlash("q"))
				}
			})
		}
	})
}

func TestFlashOnceAddsOnce(t *testing.T) {
	everyFormat(t, func(t *testing.T, edit func(*session.Options)) {
		for name, msg := range messages() {
			store := newMemStore()
			v := newVisitor(t, newTestFactory(t, store, edit))
			for range 3 {
				v.visit(func(s *session.Session) { s.FlashOnce("q", msg); s.FlashOnce("q", msg) })
			}
			store.takeCalls()
			v.visit(func(s *session.Session) {
				s.FlashOnce("q", msg)
				if got := s.PeekFlash("q"); len(got) != 1 {
					t.Errorf("%s: the queue is %v", name, got)
				}
			})
			if calls := store.takeCalls(); slices.Contains(calls, "replace") {
				t.Errorf("%s: a message that was there already was saved again: %v", name, calls)
			}
		}
	})
}

// A message of another request stays when its equal, of another type, is popped.
func TestPopFlashTakesEachMessageOnce(t *testing.T) {
	everyFormat(t, func(t *testing.T, edit func(*session.Options)) {
		v := newVisitor(t, newTestFactory(t, newMemStore(), edit))
		v.visit(func(s *session.Session) { s.Flash("q", uint8(7)) })
		v.visit(func(s *session.Session) {
			s.Flash("q", 7)
			s.PopFlash("q")
			v.visit(func(other *session.Session) { other.Flash("q", int16(7)) })
		})
		v.visit(func(s *session.Session) {
			if got := s.PeekFlash("q"); len(got) != 1 {
				t.Errorf("the queue is %v, want the other request's message", got)
			}
		})
	})
}

// What Pop returns is gone, whatever type the value had before it was stored.
func TestPopTakesWhatTheRequestMade(t *testing.T) {
	everyFormat(t, func(t *testing.T, edit func(*session.Options)) {
		for name, value := range messages() {
			if value == nil {
				continue // Modify of an absent key to nil leaves it absent
			}
			v := newVisitor(t, newTestFactory(t, newMemStore(), edit))
			v.visit(func(s *session.Session) { s.Set("there", true) })
			v.visit(func(s *session.Session) {
				s.Modify("modified", func(any) any { return value })
				s.SetDefault("default", value)
				s.Set("set", value)
				for _, key := range []string{"modified", "default", "set"} {
					if _, ok := s.Pop(key); !ok || s.Has(key) {
						t.Errorf("%s, %s: found %v, still there %v", name, key, ok, s.Has(key))
					}
				}
				s.Set("set", value)
			})
			v.visit(func(s *session.Session) {
				if _, ok := s.Pop("set"); !ok || s.Has("set") || s.Len() != 1 {
					t.Errorf("%s: %v is left, found %v", name, s.Keys(), ok)
				}
				v.visit(func(other *session.Session) { other.Set("more", 1) })
			})
			v.visit(func(s *session.Session) {
				if got := s.Keys(); !reflect.DeepEqual(got, []string{"more", "there"}) {
					t.Errorf("%s: the next request finds %v", name, got)
				}
			})
		}
	})
}

// Setting what a reader would get anyway, or what was set before, is no change.
func TestSettingAnEqualValueOfAnyType(t *testing.T) {
	everyFormat(t, func(t *testing.T, edit func(*session.Options)) {
		for name, value := range messages() {
			store := newMemStore()
			v := newVisitor(t, newTestFactory(t, store, edit))
			v.visit(func(s *session.Session) { s.Set("k", value) })
			store.takeCalls()
			v.visit(func(s *session.Session) { s.Set("k", value) })
			v.visit(func(s *session.Session) { read, _ := s.Get("k"); s.Set("k", read) })
			v.visit(func(s *session.Session) { s.SetDefault("k", value) })
			v.visit(func(s *session.Session) { s.Modify("k", func(old any) any { return old }) })
			v.visit(func(s *session.Session) { s.Modify("k", func(any) any { return value }) })
			if calls := store.takeCalls(); slices.Contains(calls, "replace") {
				t.Errorf("%s: %v", name, calls)
			}
		}
	})
}
