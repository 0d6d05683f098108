package session_test

import (
	"net/http"
	"reflect"
	"testing"

	"github.com/pyramidgo/redissessions/session"
)

// What a request sees and does after a save in mid-request builds on what that
// save wrote.
func TestStateAfterASave(t *testing.T) {
	store := newMemStore()
	f := newTestFactory(t, store, nil)
	v := newVisitor(t, f)
	v.visit(func(s *session.Session) {
		s.Update(map[string]any{"a": "1", "b": 2, "c": 3.0, "list": []any{"x"}})
	})
	want := func(s *session.Session, data map[string]any) {
		t.Helper()
		got := map[string]any{}
		for k, v := range s.All() {
			got[k] = v
		}
		if !reflect.DeepEqual(got, data) {
			t.Errorf("the session holds %v, want %v", got, data)
		}
	}
	resp := v.serve(func(w http.ResponseWriter, r *http.Request) {
		s, err := f.Get(r)
		if err != nil {
			t.Error(err)
			return
		}
		s.Set("a", "one")
		s.Delete("b")
		s.Set("new", true)
		if err := http.NewResponseController(w).Flush(); err != nil { // saves
			t.Error(err)
		}
		want(s, map[string]any{"a": "one", "c": 3.0, "new": true, "list": []any{"x"}})
		if text, ok := session.Value[string](s, "a"); !ok || text != "one" || s.Has("b") {
			t.Errorf("a is %q, b is there: %v", text, s.Has("b"))
		}
		list, _ := s.Get("list")
		list.([]any)[0] = "changed in place"
		s.Set("a", "one") // no change
		s.Flash("", "later")
	})
	if resp.StatusCode != http.StatusOK {
		t.Errorf("status %d", resp.StatusCode)
	}
	if got, saves := store.takeCalls(), 2; len(got) != 1+1+saves {
		t.Errorf("commands %v, want a create, a load and %d replaces", got, saves)
	}
	v.visit(func(s *session.Session) {
		want(s, map[string]any{"a": "one", "c": 3.0, "new": true, "list": []any{"changed in place"}, "_f_": []any{"later"}})
		s.Set("c", 4.0)
		if _, err := s.CSRFToken(t.Context()); err != nil { // saves the token alone
			t.Error(err)
		}
		s.Delete("a")
		if err := s.Renew(t.Context()); err != nil {
			t.Error(err)
		}
		s.Delete("_csrft_")
	})
	v.visit(func(s *session.Session) {
		want(s, map[string]any{"c": 4.0, "new": true, "list": []any{"changed in place"}, "_f_": []any{"later"}})
	})
}
