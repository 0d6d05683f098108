package session_test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/pyramidgo/redissessions/session"
	"github.com/pyramidgo/redissessions/session/internal/pyramidpeer"
)

// onlyRead makes a request in Python that reads, and wants it to write nothing:
// pyramid_session_redis writes a session back that was only read when its bytes are
// not those that Python would write, and undoes what another request wrote meanwhile.
func (l *twoLanguages) onlyRead(what string) pyramidpeer.Answer {
	l.t.Helper()
	a := l.inPython("read", nil)
	if a.Missing != "" {
		l.t.Fatalf("%s: a read in Python wrote the session back, because %s\nGo wrote %x", what, a.Missing, []byte(a.Record))
	}
	return a
}

// No str here is one of the letters m, c, v, x and t: Pythons 3.11 and 3.12 have two
// objects for some of them (docs/sharing-with-pyramid.md).
func TestPythonFindsNoChangeInWhatGoWrote(t *testing.T) {
	inTwoLanguages(t, func(l *twoLanguages) {
		l.inGo(func(s *session.Session) {
			s.Update(map[string]any{
				"user": "Zoë €😀\x7f\x00\"\\/", "n": 1, "one": "z", "p": "", "e": "", "f": 3.0, "small": 0.00001, "large": 1e16, "huge": 1e300, "minus": -0.5,
				"floats": []any{1e-4, 9.9e-5, 1e15, 9999999999999998.0, 1e16, 1.5e16, 1e21, 1e22, 5e-324, math.MaxFloat64, math.Copysign(0, -1), 123456789.25, 0.1 + 0.2},
				"ints":   []any{0, -1, 1 << 40, math.MinInt64}, "text": "\b\f\n\r\t\x1f ~\u0080\u2028\ud7ff\ue000\U0010ffff<&>'",
				"list": []any{"a", "a", []any{}, map[string]any{}}, "cart": map[string]any{"z": 1, "a": []any{map[string]any{"y": 1, "b": 2}}},
			})
			s.Flash("", "from Go")
		})
		l.onlyRead("a new session")
		l.inGo(func(s *session.Session) { s.Set("n", 2); s.Set("another", true) })
		l.onlyRead("a change")
		l.inGo(func(s *session.Session) { s.AdjustTimeout(0); s.Clear() })
		l.onlyRead("nothing in it")
		l.redis.FlushDB(l.t.Context())
	})
}

// What Python begins and Go changes, over and over.
func TestPythonFindsNoChangeInAnyHistory(t *testing.T) {
	inTwoLanguages(t, func(l *twoLanguages) {
		from := rand.Uint64N(1 << 40)
		l.t.Logf("from %d", from)
		random := rand.New(rand.NewPCG(from, 0))
		for i := range uint64(60) {
			l.cookie = ""
			if l.ask["serializer"] == "json" {
				l.inPython("begin", pyramidpeer.Question{"set": map[string]any{"b": 1, "a": map[string]any{"z": 1.5, "é": nil}}})
			} else {
				l.ask["protocol"] = []int{4, 5, 3}[i%3] // whichever this Python writes
				l.inPython("begin", pyramidpeer.Question{"seed": from + i})
			}
			for step := range 6 {
				l.inGo(func(s *session.Session) {
					keys := append(s.Keys(), fmt.Sprint("new ", random.IntN(4)))
					key := keys[random.IntN(len(keys))]
					switch random.IntN(5) {
					case 0:
						s.Delete(key)
					case 1:
						s.Set(key, map[string]any{"y": step, "w": "w"})
					case 2:
						s.Modify("nested", func(old any) any {
							m, _ := old.(map[string]any)
							if m == nil {
								m = map[string]any{}
							}
							m[fmt.Sprint(9-step)] = []any{m["0"]}
							return m
						})
					case 3:
						s.Flash("q", key)
					}
					s.Set("step", step)
				})
				l.onlyRead(fmt.Sprintf("session %d, step %d", i, step))
			}
		}
		l.redis.FlushDB(l.t.Context())
	})
}

// The dicts of a session keep the order in which Python filled them, also where Go
// changes something else or adds a key.
func TestDictsKeepPythonsOrder(t *testing.T) {
	inTwoLanguages(t, func(l *twoLanguages) {
		l.inGo(func(s *session.Session) { s.Set("z", map[string]any{"b": 1}) })
		// Python appends, whatever the alphabet says.
		l.inPython("visit", pyramidpeer.Question{"set": map[string]any{"y": map[string]any{"k": 1}}})
		l.inPython("visit", pyramidpeer.Question{"set": map[string]any{"a": 1}})
		l.inGo(func(s *session.Session) {
			s.Set("new", 1)
			s.Modify("y", func(old any) any {
				m := old.(map[string]any)
				m["d"] = 2
				return m
			})
		})
		if got, want := keysOf(l.t, l.onlyRead("ordered").Data), []string{"z", "y", "a", "new"}; !reflect.DeepEqual(got, want) {
			l.t.Errorf("the keys are in the order %q, want %q", got, want)
		}
		l.redis.FlushDB(l.t.Context())
	})
}

// keysOf returns the text keys of a dict in notation, in their order.
func keysOf(t *testing.T, note json.RawMessage) (keys []string) {
	t.Helper()
	var dict struct{ V [][2]struct{ V any } }
	if err := json.Unmarshal(note, &dict); err != nil {
		t.Fatal(err)
	}
	for _, item := range dict.V {
		if key, ok := item[0].V.(string); ok {
			keys = append(keys, key)
		}
	}
	return keys
}
