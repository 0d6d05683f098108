package session_test

import (
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/pyramidgo/redissessions/session"
)

// asked returns what Value gives for a type.
func asked[T any](s *session.Session, key string) (any, bool) { return session.Value[T](s, key) }

type interval struct{ Seconds int }

// conversions are types that a value may be asked as.
var conversions = map[string]func(*session.Session, string) (any, bool){
	"bool": asked[bool], "int": asked[int], "int8": asked[int8], "uint": asked[uint], "float32": asked[float32], "float64": asked[float64],
	"string": asked[string], "bytes": asked[[]byte], "time": asked[time.Time], "*time": asked[*time.Time], "duration": asked[time.Duration],
	"ints": asked[[]int], "times": asked[[]time.Time], "strings": asked[[]string], "map": asked[map[string]int], "timesByName": asked[map[string]time.Time], "struct": asked[interval],
	"[2]int": asked[[2]int], "[2]byte": asked[[2]byte],
}

// Value converts exactly, or gives zero and false: in the request that set the
// value, in one that loaded it, and in Modify.
func TestValueInventsNothing(t *testing.T) {
	at := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	tests := map[string]struct {
		set any
		as  string // the conversions that it allows
	}{
		"true": {true, "bool"}, "small": {7, "int int8 uint float32 float64 duration"}, "300": {300, "int uint float32 float64 duration"}, "negative": {-300, "int float32 float64 duration"},
		"odd": {1<<53 + 1, "int uint duration"}, "half": {0.5, "float32 float64"}, "third": {1.0 / 3, "float64"}, "whole": {3.0, "int int8 uint float32 float64 duration"},
		"float32": {float32(0.1), "float32 float64"}, "huge": {1e300, "float64"}, "duration": {5 * time.Second, "int uint float64 duration float32"},
		"text": {"text", "string"}, "digits": {"7", "string"}, "empty": {"", "string"}, "date": {"2026-11-26T12:00:00Z", "string"}, "bytes": {[]byte{1, 2}, "bytes [2]byte"},
		"time": {at, "time *time"}, "list": {[]int{1, 300}, "ints [2]int"}, "words": {[]string{"a"}, "strings"}, "times": {[]time.Time{at}, "times"},
		"map": {map[string]any{"Seconds": 300}, "map struct"}, "struct": {interval{300}, "map struct"}, "time in a map": {map[string]any{"a": at}, "timesByName struct"},
		// A struct takes the keys that are its fields, and leaves the others.
		"number in a list": {[]any{1, "x"}, ""}, "nil in a list": {[]any{nil, 2}, ""},
	}
	everyFormat(t, func(t *testing.T, edit func(*session.Options)) {
		json := strings.Contains(t.Name(), "json") // which has text for bytes and times
		for name, test := range tests {
			v := newVisitor(t, newTestFactory(t, newMemStore(), edit))
			check := func(s *session.Session, when string) {
				for as, ask := range conversions {
					got, ok := ask(s, "k")
					_, isText := test.set.(string)
					switch {
					case json && (isText || name == "time" || name == "bytes" || name == "times" || name == "words" || name == "time in a map"):
						continue // below
					case strings.HasPrefix(as, "[") && strings.Contains(t.Name(), "encoding/json"):
						continue // that package cuts and pads arrays
					case name == "odd" && strings.Contains(t.Name(), "encoding/json"):
						continue // it makes a float64 of every number
					case strings.HasSuffix(name, "in a list") && strings.Contains(t.Name(), "encoding/json"):
						continue // and takes null for a zero
					}
					if want := strings.Contains(" "+test.as+" ", " "+as+" "); ok != want {
						t.Errorf("%s, %s, as %s: %v, %v", when, name, as, got, ok)
					} else if !ok && !reflect.ValueOf(got).IsZero() {
						t.Errorf("%s, %s, as %s: %v beside false", when, name, as, got)
					}
				}
			}
			v.visit(func(s *session.Session) { s.Set("k", test.set); s.Set("seed", true); check(s, "set") })
			v.visit(func(s *session.Session) { check(s, "loaded"); s.Get("k"); check(s, "read") })
			v.visit(func(s *session.Session) { s.Modify("k", func(old any) any { return old }); check(s, "modified") })
		}
	})
}

// What was stored as a time is a time for Value, and a float32 a float32, in every
// codec.
func TestValueOfTimesAndFloat32(t *testing.T) {
	at := time.Date(2026, 11, 26, 12, 0, 0, 123456000, time.UTC)
	type note struct {
		At    time.Time
		Ratio float32
		Every time.Duration
		Raw   []byte
	}
	everyFormat(t, func(t *testing.T, edit func(*session.Options)) {
		v := newVisitor(t, newTestFactory(t, newMemStore(), edit))
		want := note{at, 0.1, time.Minute, []byte{1}}
		v.visit(func(s *session.Session) {
			s.Update(map[string]any{"time": at, "times": []time.Time{at}, "float32": float32(0.1), "floats": []float32{0.1, -3}, "note": want, "notes": []note{want},
				"by name": map[string]float32{"a": math.MaxFloat32}, "every": time.Minute})
		})
		for range 2 {
			v.visit(func(s *session.Session) {
				for key, ask := range map[string]func() (got, want any, ok bool){
					"time": func() (any, any, bool) { got, ok := session.Value[time.Time](s, "time"); return got.UTC(), at, ok },
					"times": func() (any, any, bool) {
						got, ok := session.Value[[]time.Time](s, "times")
						return got, []time.Time{at}, ok
					},
					"float32": func() (any, any, bool) { got, ok := session.Value[float32](s, "float32"); return got, float32(0.1), ok },
					"floats": func() (any, any, bool) {
						got, ok := session.Value[[]float32](s, "floats")
						return got, []float32{0.1, -3}, ok
					},
					"note":  func() (any, any, bool) { got, ok := session.Value[note](s, "note"); return got, want, ok },
					"notes": func() (any, any, bool) { got, ok := session.Value[[]note](s, "notes"); return got, []note{want}, ok },
					"by name": func() (any, any, bool) {
						got, ok := session.Value[map[string]float32](s, "by name")
						return got, map[string]float32{"a": math.MaxFloat32}, ok
					},
					"every": func() (any, any, bool) {
						got, ok := session.Value[time.Duration](s, "every")
						return got, time.Minute, ok
					},
				} {
					if got, want, ok := ask(); !ok || !reflect.DeepEqual(got, want) {
						t.Errorf("%s: got %v, %v, want %v", key, got, ok, want)
					}
				}
				session.Modify(s, "float32", func(f float32) float32 { return f })
				session.Modify(s, "note", func(n note) note { return n })
			})
		}
		v.visit(func(s *session.Session) { session.Modify(s, "float32", func(f float32) float32 { return f + 1 }) })
		v.visit(func(s *session.Session) {
			if f, ok := session.Value[float32](s, "float32"); !ok || f != float32(0.1)+1 {
				t.Errorf("after Modify: %v, %v", f, ok)
			}
		})
	})
}

// A nil is a nil only.
func TestValueOfNil(t *testing.T) {
	everyFormat(t, func(t *testing.T, edit func(*session.Options)) {
		v := newVisitor(t, newTestFactory(t, newMemStore(), edit))
		v.visit(func(s *session.Session) { s.Set("k", nil); s.Set("p", (*interval)(nil)) })
		v.visit(func(s *session.Session) {
			for as, ask := range conversions {
				nilable := as == "bytes" || as == "*time" || as == "ints" || as == "times" || as == "strings" || as == "map" || as == "timesByName"
				for _, key := range []string{"k", "p"} {
					if got, ok := ask(s, key); ok != nilable || !reflect.ValueOf(got).IsZero() {
						t.Errorf("nil as %s: %v, %v", as, got, ok)
					}
				}
			}
		})
	})
}
