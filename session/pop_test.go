package session_test

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/pyramidgo/redissessions/encode"
	"github.com/pyramidgo/redissessions/session"
)

type notice struct {
	Level string `cbor:"level" json:"level" msgpack:"level"`
	Text  string `cbor:"text" json:"text" msgpack:"text"`
}

// formats are the formats with the codecs that a site may have.
var formatsAndCodecs = map[string]func(*session.Options){
	"native":                 func(*session.Options) {},
	"native, json":           func(o *session.Options) { o.Codec = encode.JSON },
	"native, msgpack":        func(o *session.Options) { o.Codec = encode.MsgPack },
	"pyramid_redis_sessions": func(o *session.Options) { o.Format = session.FormatPyramidRedisSessions },
	"pyramid_session_redis":  func(o *session.Options) { o.Format, o.Codec = session.FormatPyramidSessionRedis, encode.JSON },
}

func eachCodec(t *testing.T, test func(t *testing.T, v *siteVisitor)) {
	for name, edit := range formatsAndCodecs {
		t.Run(name, func(t *testing.T) { test(t, newVisitor(t, newTestFactory(t, newMemStore(), edit))) })
	}
}

// Pop takes what it returns, and leaves what it cannot return; in the request that set
// the value as well as in a later one.
func TestPopTyped(t *testing.T) {
	for _, later := range []bool{false, true} {
		eachCodec(t, func(t *testing.T, v *siteVisitor) {
			set := func(s *session.Session) {
				s.Set("text", "hello")
				s.Set("n", 7)
				s.Set("big", 70000)
				s.Set("list", []string{"a", "b"})
				s.Set("map", map[string]any{"level": "info", "text": "hi"})
			}
			check := func(s *session.Session) {
				if n, ok := session.Pop[uint8](s, "big"); ok || n != 0 || !s.Has("big") {
					t.Errorf("a number that does not fit: %v, %v, there: %v", n, ok, s.Has("big"))
				}
				if n, ok := session.Pop[int](s, "text"); ok || n != 0 || !s.Has("text") {
					t.Errorf("a text as a number: %v, %v, there: %v", n, ok, s.Has("text"))
				}
				if _, ok := session.Pop[string](s, "absent"); ok {
					t.Error("an absent key is there")
				}
				if n, ok := session.Pop[int64](s, "n"); !ok || n != 7 || s.Has("n") {
					t.Errorf("a number: %v, %v, there: %v", n, ok, s.Has("n"))
				}
				if x, ok := session.Pop[string](s, "text"); !ok || x != "hello" || s.Has("text") {
					t.Errorf("a text: %q, %v, there: %v", x, ok, s.Has("text"))
				}
				if x, ok := session.Pop[[]string](s, "list"); !ok || !reflect.DeepEqual(x, []string{"a", "b"}) || s.Has("list") {
					t.Errorf("a list: %q, %v, there: %v", x, ok, s.Has("list"))
				}
				if x, ok := session.Pop[notice](s, "map"); later && (!ok || x != notice{"info", "hi"} || s.Has("map")) {
					t.Errorf("a struct: %v, %v, there: %v", x, ok, s.Has("map"))
				}
			}
			if later {
				v.visit(set)
				v.visit(check)
			} else {
				v.visit(func(s *session.Session) { set(s); check(s) })
			}
			v.visit(func(s *session.Session) {
				if n, ok := session.Pop[int](s, "big"); !ok || n != 70000 {
					t.Errorf("what could not be returned is not there: %v", s.Keys())
				}
				for _, key := range []string{"text", "n", "list"} {
					if s.Has(key) {
						t.Errorf("%s is there again", key)
					}
				}
			})
		})
	}
}

// A value that another request sets meanwhile stays.
func TestPopTypedMeanwhile(t *testing.T) {
	eachCodec(t, func(t *testing.T, v *siteVisitor) {
		v.visit(func(s *session.Session) { s.Set("k", "old") })
		v.visit(func(s *session.Session) {
			if x, ok := session.Pop[string](s, "k"); !ok || x != "old" {
				t.Errorf("%q, %v", x, ok)
			}
			v.visit(func(s *session.Session) { s.Set("k", "new") })
		})
		v.visit(func(s *session.Session) {
			if x, ok := session.Value[string](s, "k"); !ok || x != "new" {
				t.Errorf("%q, %v", x, ok)
			}
		})
	})
}

// PopFlash takes the messages that it returns, and leaves the others in their order.
func TestPopFlashTyped(t *testing.T) {
	for _, later := range []bool{false, true} {
		eachCodec(t, func(t *testing.T, v *siteVisitor) {
			set := func(s *session.Session) {
				for _, msg := range []any{"one", "two", true, "three"} {
					s.Flash("q", msg)
				}
			}
			check := func(s *session.Session) {
				if got := session.PopFlash[int](s, "q"); got == nil || len(got) != 0 {
					t.Errorf("as numbers: %#v", got)
				}
				if got := session.PopFlash[string](s, "none"); got == nil || len(got) != 0 {
					t.Errorf("an empty queue: %#v", got)
				} else if b, _ := json.Marshal(got); string(b) != "[]" {
					t.Errorf("an empty queue is %s", b)
				}
				if got := session.PopFlash[string](s, "q"); !reflect.DeepEqual(got, []string{"one", "two", "three"}) {
					t.Errorf("as texts: %q", got)
				}
				if got := session.PopFlash[string](s, "q"); got == nil || len(got) != 0 {
					t.Errorf("once more: %q", got)
				}
			}
			if later {
				v.visit(set)
				v.visit(check)
			} else {
				v.visit(func(s *session.Session) { set(s); check(s) })
			}
			v.visit(func(s *session.Session) {
				if got := s.PopFlash("q"); !reflect.DeepEqual(got, []any{true}) {
					t.Errorf("left in the queue: %v", got)
				}
			})
			v.visit(func(s *session.Session) {
				if got := s.PeekFlash("q"); len(got) != 0 {
					t.Errorf("at last there are %v", got)
				}
			})
		})
	}
}

// Structs, and messages that another request appends meanwhile.
func TestPopFlashTypedMeanwhile(t *testing.T) {
	eachCodec(t, func(t *testing.T, v *siteVisitor) {
		v.visit(func(s *session.Session) {
			s.Flash("", map[string]any{"level": "info", "text": "first"})
			s.Flash("", "plain")
		})
		v.visit(func(s *session.Session) {
			if got := session.PopFlash[notice](s, ""); !reflect.DeepEqual(got, []notice{{"info", "first"}}) {
				t.Errorf("as structs: %v", got)
			}
			v.visit(func(s *session.Session) { s.Flash("", map[string]any{"level": "warn", "text": "second"}) })
		})
		v.visit(func(s *session.Session) {
			if got := session.PopFlash[notice](s, ""); !reflect.DeepEqual(got, []notice{{"warn", "second"}}) {
				t.Errorf("the other request's message: %v", got)
			}
			if got := session.PopFlash[string](s, ""); !reflect.DeepEqual(got, []string{"plain"}) {
				t.Errorf("the message of another type: %v", got)
			}
		})
	})
}

// Pointers and times come out as Value gives them.
func TestPopTypedKinds(t *testing.T) {
	v := newVisitor(t, newTestFactory(t, newMemStore(), nil))
	now := time.UnixMilli(1700000000000).UTC()
	v.visit(func(s *session.Session) { s.Set("t", now); s.Flash("", now); s.Set("nil", nil) })
	v.visit(func(s *session.Session) {
		if got, ok := session.Pop[time.Time](s, "t"); !ok || !got.Equal(now) {
			t.Errorf("a time: %v, %v", got, ok)
		}
		if got := session.PopFlash[time.Time](s, ""); len(got) != 1 || !got[0].Equal(now) {
			t.Errorf("a time in a queue: %v", got)
		}
		if got, ok := session.Pop[*notice](s, "nil"); !ok || got != nil || s.Has("nil") {
			t.Errorf("nil: %v, %v", got, ok)
		}
	})
}
