package session_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/pyramidgo/redissessions/encode"
	"github.com/pyramidgo/redissessions/session"
)

// everyLayout runs a test with the lazy layout and with whole-dict codecs.
func everyLayout(t *testing.T, test func(t *testing.T, edit func(*session.Options))) {
	t.Run("lazy", func(t *testing.T) { test(t, nil) })
	for name, codec := range map[string]encode.Codec{"cbor": encode.CBOR, "json": encode.JSON, "msgpack": encode.MsgPack} {
		t.Run(name, func(t *testing.T) { test(t, func(o *session.Options) { o.Codec = codec }) })
	}
	t.Run("encrypted", func(t *testing.T) {
		test(t, func(o *session.Options) { o.EncryptionKeys = [][]byte{make([]byte, 32)} })
	})
}

func TestDict(t *testing.T) {
	everyLayout(t, func(t *testing.T, edit func(*session.Options)) {
		v := newVisitor(t, newTestFactory(t, newMemStore(), edit))
		v.visit(func(s *session.Session) {
			if !s.IsNew() || s.ID() != "" || s.Len() != 0 {
				t.Errorf("a first visit: new %v, ID %d bytes, %d keys", s.IsNew(), len(s.ID()), s.Len())
			}
			s.Set("a", "x")
			s.Update(map[string]any{"b": 2, "c": true})
			if got := s.SetDefault("a", "other"); got != "x" {
				t.Errorf("SetDefault of a key that is there returned %v", got)
			}
			if got := s.SetDefault("d", "new"); got != "new" {
				t.Errorf("SetDefault of an absent key returned %v", got)
			}
		})
		v.visit(func(s *session.Session) {
			if s.IsNew() || s.ID() == "" {
				t.Error("the second visit did not find the session")
			}
			if got := s.Keys(); !slices.Equal(got, []string{"a", "b", "c", "d"}) {
				t.Errorf("keys %v", got)
			}
			if n, ok := session.Value[int](s, "b"); n != 2 || !ok {
				t.Errorf("b is %v, %v", n, ok)
			}
			if got, ok := s.Pop("c"); got != true || !ok {
				t.Errorf("Pop returned %v, %v", got, ok)
			}
			s.Delete("a")
			s.Delete("never there")
			if s.Has("a") || s.Has("c") || !s.Has("b") {
				t.Error("Has does not follow Delete and Pop")
			}
		})
		v.visit(func(s *session.Session) {
			if got := slices.Sorted(maps.Keys(maps.Collect(s.All()))); !slices.Equal(got, []string{"b", "d"}) {
				t.Errorf("All yields %v", got)
			}
			s.Clear()
			s.Set("e", 1)
		})
		v.visit(func(s *session.Session) {
			if got := s.Keys(); !slices.Equal(got, []string{"e"}) {
				t.Errorf("keys after Clear: %v", got)
			}
		})
	})
}

func TestDeepChanges(t *testing.T) {
	everyLayout(t, func(t *testing.T, edit func(*session.Options)) {
		for _, detect := range []bool{true, false} {
			v := newVisitor(t, newTestFactory(t, newMemStore(), func(o *session.Options) {
				if edit != nil {
					edit(o)
				}
				o.IgnoreDeepChanges = !detect
			}))
			v.visit(func(s *session.Session) { s.Set("cart", map[string]any{"apples": "1"}) })
			buy := func(s *session.Session, fruit string) {
				cart, _ := s.Get("cart")
				cart.(map[string]any)[fruit] = "1"
			}
			v.visit(func(s *session.Session) { buy(s, "pears") })
			v.visit(func(s *session.Session) { buy(s, "plums"); s.Changed() })
			v.visit(func(s *session.Session) {
				cart, _ := session.Value[map[string]string](s, "cart")
				if _, ok := cart["pears"]; ok != detect {
					t.Errorf("detect %v: a deep change without Changed: saved %v", detect, ok)
				}
				if _, ok := cart["plums"]; !ok {
					t.Errorf("detect %v: a deep change with Changed was not saved", detect)
				}
			})
		}
	})
}

func TestPlainValuesKeepTheirType(t *testing.T) {
	at := time.Date(2026, 11, 23, 12, 0, 0, 5, time.UTC)
	values := map[string]any{
		"nil": nil, "true": true, "false": false, "string": "é\x00\xff", "empty": "",
		"int": -1, "int8": int8(-128), "int16": int16(300), "int32": int32(1 << 30), "int64": int64(-1 << 63),
		"uint": uint(1), "uint8": uint8(255), "uint16": uint16(65535), "uint32": uint32(1 << 31), "uint64": uint64(1<<64 - 1),
		"float32": float32(0.5), "float64": 0.1, "duration": time.Minute, "time": at,
	}
	v := newVisitor(t, newTestFactory(t, newMemStore(), nil))
	v.visit(func(s *session.Session) { s.Update(values) })
	v.visit(func(s *session.Session) {
		for key, want := range values {
			if got, ok := s.Get(key); got != want || !ok {
				t.Errorf("%s: got %T %v, %v, want %T %v", key, got, got, ok, want, want)
			}
		}
	})
}

func TestAnEqualValueIsNoChange(t *testing.T) {
	everyLayout(t, func(t *testing.T, edit func(*session.Options)) {
		store := newMemStore()
		v := newVisitor(t, newTestFactory(t, store, edit))
		type prefs struct{ Theme string }
		set := func(s *session.Session) {
			s.Set("n", 1)
			s.Set("text", "x")
			s.Set("list", []int{1, 2})
			s.Set("struct", prefs{"dark"})
			s.Set("map", map[string]any{"a": []any{"b"}})
			s.Delete("absent")
			s.Modify("n", func(old any) any { return old })
		}
		v.visit(set)
		store.takeCalls()
		v.visit(set)
		if got := store.takeCalls(); !slices.Equal(got, []string{"load"}) {
			t.Errorf("commands %v, want one load", got)
		}
	})
}
