package session_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/pyramidgo/redissessions/encode"
	"github.com/pyramidgo/redissessions/session"
)

// What the caller has in hand may be changed at any time, also around a save
// that meets a conflict.
func TestInHandAcrossAConflict(t *testing.T) {
	first := func(s *session.Session, key string) *any {
		v, _ := s.Get(key)
		return &v.([]any)[0]
	}
	token := func(s *session.Session) { _, _ = s.CSRFToken(context.Background()) }
	tests := map[string]struct {
		request func(s *session.Session)
		other   func(s *session.Session) // saved between the request's load and its first save
		want    func(s *session.Session) bool
	}{
		"changed, then a save in mid-request": {
			func(s *session.Session) { *first(s, "list") = "changed"; token(s) },
			func(s *session.Session) { s.Set("b", 1) },
			func(s *session.Session) bool { return *first(s, "list") == "changed" && s.Has("b") },
		},
		"a save in mid-request, then changed": {
			func(s *session.Session) { p := first(s, "list"); token(s); *p = "changed" },
			func(s *session.Session) { s.Set("b", 1) },
			func(s *session.Session) bool { return *first(s, "list") == "changed" && s.Has("b") },
		},
		"looked at, and changed by the other": {
			func(s *session.Session) { first(s, "list"); token(s); s.Set("a", 1) },
			func(s *session.Session) { s.Set("list", []any{"other's"}) },
			func(s *session.Session) bool { return *first(s, "list") == "other's" },
		},
		"looked at again after the other changed it": {
			func(s *session.Session) { first(s, "list"); token(s); s.Set("seen", *first(s, "list")) },
			func(s *session.Session) { s.Set("list", []any{"other's"}) },
			func(s *session.Session) bool { v, _ := s.Get("seen"); return v == "other's" },
		},
		"deleted by the other": {
			func(s *session.Session) {
				first(s, "list")
				token(s)
				s.Set("keys", s.Len())
				s.Set("has", s.Has("list"))
			},
			func(s *session.Session) { s.Delete("list") },
			func(s *session.Session) bool {
				v, _ := s.Get("has")
				n, _ := session.Value[int](s, "keys")
				return v == false && n == 2 && !s.Has("list")
			},
		},
		"changed, then modified": {
			func(s *session.Session) {
				*first(s, "list") = "changed"
				s.Modify("list", func(old any) any { return append(old.([]any), "more") })
			},
			func(s *session.Session) { s.Set("b", 1) },
			func(s *session.Session) bool { return *first(s, "list") == "changed" && s.Has("b") },
		},
		"setdefault, then changed": {
			func(s *session.Session) { s.SetDefault("cart", map[string]any{}).(map[string]any)["book"] = 1 },
			func(s *session.Session) { s.SetDefault("cart", map[string]any{"lamp": 1}) },
			func(s *session.Session) bool { v, _ := s.Get("cart"); _, ok := v.(map[string]any)["book"]; return ok },
		},
		"setdefault, not changed": {
			func(s *session.Session) { s.SetDefault("cart", map[string]any{}) },
			func(s *session.Session) { s.SetDefault("cart", map[string]any{"lamp": 1}) },
			func(s *session.Session) bool { v, _ := s.Get("cart"); _, ok := v.(map[string]any)["lamp"]; return ok },
		},
		"popped, then changed": {
			func(s *session.Session) { v, _ := s.Pop("list"); v.([]any)[0] = "mine now" },
			func(s *session.Session) { s.Set("b", 1) },
			func(s *session.Session) bool { return !s.Has("list") && s.Has("b") },
		},
		"changed, then popped": {
			func(s *session.Session) { *first(s, "list") = "changed"; s.Pop("list") },
			func(s *session.Session) { s.Set("b", 1) },
			func(s *session.Session) bool { return !s.Has("list") && s.Has("b") },
		},
		"a flashed map, popped, then changed": {
			func(s *session.Session) { s.PopFlash("")[0].(map[string]any)["text"] = "mine now" },
			func(s *session.Session) { s.Flash("", "new") },
			func(s *session.Session) bool { q := s.PeekFlash(""); return len(q) == 1 && q[0] == "new" },
		},
		"modified to a list, on top of the other": {
			func(s *session.Session) { s.Modify("list", appendTo("mine")) },
			func(s *session.Session) { s.Modify("list", appendTo("other's")) },
			func(s *session.Session) bool { v, _ := s.Get("list"); return len(v.([]any)) == 3 },
		},
	}
	for name, test := range tests {
		for layout, codec := range map[string]encode.Codec{"keys": {}, "json": encode.JSON} {
			t.Run(name+", "+layout, func(t *testing.T) {
				f := newTestFactory(t, newMemStore(), func(o *session.Options) { o.Codec = codec })
				v := newVisitor(t, f)
				v.visit(func(s *session.Session) {
					s.Set("list", []any{"first"})
					s.Flash("", map[string]any{"text": "hello"})
				})
				v.visit(func(s *session.Session) {
					v.visit(test.other)
					test.request(s)
				})
				v.visit(func(s *session.Session) {
					if !test.want(s) {
						list, _ := s.Get("list")
						cart, _ := s.Get("cart")
						t.Errorf("afterwards: keys %v, list %v, cart %v, queue %v", s.Keys(), list, cart, s.PeekFlash(""))
					}
				})
			})
		}
	}
}

func appendTo(word string) func(old any) any {
	return func(old any) any { return append(old.([]any), word) }
}

// A value that is only looked at is no change, however often it is saved around.
func TestInHandUnchanged(t *testing.T) {
	store := newMemStore()
	f := newTestFactory(t, store, nil)
	v := newVisitor(t, f)
	v.visit(func(s *session.Session) { s.Set("list", []any{map[string]any{"a": 1.5}}) })
	store.takeCalls()
	f.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s, _ := f.Get(r)
		s.Get("list")
		w.WriteHeader(http.StatusOK)
		s.Get("list")
	})).ServeHTTP(httptest.NewRecorder(), v.request())
	if calls := store.takeCalls(); len(calls) != 1 {
		t.Errorf("a request that only reads sent %v", calls)
	}
}
