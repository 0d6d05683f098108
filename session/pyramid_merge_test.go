package session_test

import (
	"errors"
	"math"
	"math/big"
	"net/http"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/pyramidgo/redissessions/encode/pickle"
	"github.com/pyramidgo/redissessions/session"
	"github.com/pyramidgo/redissessions/session/internal/record"
)

// pythonWrites changes the stored record as Python does: it reads, changes and
// overwrites.
func pythonWrites(t *testing.T, store *memStore, f *session.Factory, change func(data map[string]any)) {
	t.Helper()
	for id, r := range store.records {
		members, data, err := parts(t, f, r.data)
		if err != nil {
			t.Fatal(err)
		}
		change(data)
		members[dataMember(f)] = data
		record, err := recordCodec(f).Encode(members)
		if err != nil {
			t.Fatal(err)
		}
		store.put(id, record, time.Hour)
	}
}

func TestPyramidWritesMerge(t *testing.T) {
	eachPackage(t, func(t *testing.T, store *memStore, format session.Format) {
		f := newPyramidFactory(t, store, format, "pickle", nil)
		v := newVisitor(t, f)
		v.visit(func(s *session.Session) {
			s.Set("n", 1)
			s.Set("python", "before")
			s.Set("list", []any{"a"})
			s.Flash("", "old")
		})
		v.visit(func(s *session.Session) {
			s.Modify("n", func(old any) any { return old.(int64) + 1 })
			s.Set("go", "new")
			s.Flash("", "from Go")
			s.Get("list")
			pythonWrites(t, store, f, func(data map[string]any) {
				data["python"], data["n"], data["list"] = "after", int64(10), []any{"a", "b"}
				data["_f_"] = append(data["_f_"].([]any), "from Python")
			})
		})
		v.visit(func(s *session.Session) {
			python, _ := s.Get("python")
			n, _ := session.Value[int](s, "n")
			list, _ := session.Value[[]string](s, "list")
			if python != "after" || n != 11 || len(list) != 2 || !s.Has("go") {
				t.Errorf("after both wrote: python %v, n %d, list %v, keys %v", python, n, list, s.Keys())
			}
			if got := s.PeekFlash(""); !reflect.DeepEqual(got, []any{"old", "from Python", "from Go"}) {
				t.Errorf("the messages are %v", got)
			}
		})
	})
}

func TestPyramidLogoutIsNeverUndone(t *testing.T) {
	eachPackage(t, func(t *testing.T, store *memStore, format session.Format) {
		for _, write := range []bool{true, false} {
			f := newPyramidFactory(t, store, format, "pickle", nil)
			v := newVisitor(t, f)
			v.visit(func(s *session.Session) { s.Set("a", 1) })
			session.SetClock(f, func() time.Time { return vectorTime.Add(time.Minute) })
			resp := v.serve(func(_ http.ResponseWriter, r *http.Request) {
				s, err := f.Get(r)
				if err != nil {
					t.Fatal(err)
				}
				if write {
					s.Set("b", 1)
				}
				clear(store.records) // Python logs out
			})
			if len(store.records) != 0 {
				t.Errorf("a request that writes (%v) has revived the session", write)
			}
			if want := map[bool]int{true: 409, false: 200}[write]; resp.StatusCode != want {
				t.Errorf("status %d, want %d", resp.StatusCode, want)
			}
		}
	})
}

// typed has a value of every type that Go has no word of its own for.
func typed() map[string]any {
	big, _ := new(big.Int).SetString("123456789012345678901234567890", 10)
	return map[string]any{
		"tuple": pickle.Tuple{int64(1), pickle.Tuple{"a"}}, "big": big, "bytes": []byte{0, 255}, "bytearray": pickle.ByteArray("x"),
		"set": pickle.Set{"a", "b", pickle.FrozenSet{"c", "d"}}, "frozenset": pickle.FrozenSet{int64(1), int64(2)},
		"dict":    &pickle.Dict{Items: []pickle.Item{{Key: int64(1), Value: "a"}, {Key: pickle.Tuple{"x"}, Value: "b"}}},
		"ordered": &pickle.OrderedDict{Items: []pickle.Item{{Key: "b", Value: int64(1)}, {Key: "a", Value: int64(2)}}},
		"naive":   pickle.DateTime{Year: 2024, Month: 1, Day: 2}, "aware": time.Date(2024, 1, 2, 3, 4, 5, 6000, time.FixedZone("", 3600)),
		"date": pickle.Date{Year: 2024, Month: 1, Day: 2}, "decimal": pickle.Decimal("1.10"), "uuid": pickle.UUID{1, 2},
		"delta": pickle.TimeDelta{Days: -1, Seconds: 5}, "nan": []any{math.NaN()}, "deep": map[string]any{"list": []any{pickle.Set{"y"}}},
	}
}

func TestPyramidTypedValuesAreNoChange(t *testing.T) {
	eachPackage(t, func(t *testing.T, store *memStore, format session.Format) {
		v := newVisitor(t, newPyramidFactory(t, store, format, "pickle", nil))
		v.visit(func(s *session.Session) { s.Update(typed()) })
		store.takeCalls()
		v.visit(func(s *session.Session) {
			for key, want := range typed() {
				got, _ := s.Get(key)
				if !pickle.Equal(got, want) && key != "aware" {
					t.Errorf("%s has come back as %#v", key, got)
				}
			}
			s.Update(typed())
			// Another order of a set, or of a dict, is the same value.
			s.Set("set", pickle.Set{pickle.FrozenSet{"d", "c"}, "b", "a"})
			s.Set("dict", &pickle.Dict{Items: []pickle.Item{{Key: pickle.Tuple{"x"}, Value: "b"}, {Key: int64(1), Value: "a"}}})
		})
		if calls := store.takeCalls(); !slices.Equal(calls, []string{"load"}) {
			t.Errorf("setting equal values takes %v", calls)
		}
	})
}

func TestPyramidDeepChangesAreFound(t *testing.T) {
	changes := map[string]func(v any){
		"tuple":   func(v any) { v.(pickle.Tuple)[1].(pickle.Tuple)[0] = "z" },
		"set":     func(v any) { v.(pickle.Set)[0] = "z" },
		"dict":    func(v any) { v.(*pickle.Dict).Set(int64(2), "new") },
		"ordered": func(v any) { items := v.(*pickle.OrderedDict).Items; items[0], items[1] = items[1], items[0] },
		"big":     func(v any) { v.(*big.Int).Lsh(big.NewInt(1), 70) },
		"bytes":   func(v any) { v.([]byte)[0] = 1 },
		"nan":     func(v any) { v.([]any)[0] = 1.5 },
		"deep":    func(v any) { v.(map[string]any)["list"].([]any)[0] = pickle.FrozenSet{"y"} },
	}
	eachPackage(t, func(t *testing.T, store *memStore, format session.Format) {
		v := newVisitor(t, newPyramidFactory(t, store, format, "pickle", nil))
		for key, change := range changes {
			v.visit(func(s *session.Session) { s.Update(typed()) })
			var want any
			v.visit(func(s *session.Session) {
				want, _ = s.Get(key)
				change(want)
			})
			v.visit(func(s *session.Session) {
				if got, _ := s.Get(key); !pickle.Equal(got, want) || pickle.Equal(got, typed()[key]) {
					t.Errorf("%s: a change in place came back as %v", key, got)
				}
			})
		}
	})
}

// A key that is not text is Python's own affair: no method shows it, and only
// Clear takes it away.
func TestPyramidKeysThatAreNotText(t *testing.T) {
	eachPackage(t, func(t *testing.T, store *memStore, format session.Format) {
		f := newPyramidFactory(t, store, format, "pickle", func(o *session.Options) { o.InvalidateEmpty = true })
		id := ""
		newVisitor(t, f).visit(func(s *session.Session) { s.Set("a", 1) })
		for key, r := range store.records {
			members, _, err := parts(t, f, r.data)
			if err != nil {
				t.Fatal(err)
			}
			members[dataMember(f)] = &pickle.Dict{Items: []pickle.Item{{Key: int64(1), Value: "one"}, {Key: "a", Value: int64(1)}}}
			record, _ := pickle.Marshal(members)
			store.put(key, record, 0)
			id = key
		}
		hidden := func() bool {
			snap, err := session.FormatOf(f).Decode(record.Address{Key: id}, store.records[id].data)
			if err != nil {
				t.Fatal(err)
			}
			return snap.Data.Hidden()
		}
		visitRecord(t, f, id, func(s *session.Session) {
			if s.Len() != 1 {
				t.Errorf("the keys are %v", s.Keys())
			}
			s.Delete("a")
		})
		if !hidden() {
			t.Error("the other key is gone, or the session was taken for empty")
		}
		visitRecord(t, f, id, func(s *session.Session) { s.Clear(); s.Set("b", 1) })
		if hidden() {
			t.Error("Clear has left it")
		}
	})
}

func TestPyramidRecordThatBecameUnreadableIsNotOverwritten(t *testing.T) {
	store := newMemStore()
	f := newPyramidFactory(t, store, session.FormatPyramidRedisSessions, "pickle", nil)
	v := newVisitor(t, f)
	v.visit(func(s *session.Session) { s.Set("a", 1) })
	const class = "\x80\x02cmyapp\nCart\n."
	v.serve(func(_ http.ResponseWriter, r *http.Request) {
		s, err := f.Get(r)
		if err != nil {
			t.Fatal(err)
		}
		for id := range store.records {
			store.put(id, []byte(class), 0)
		}
		s.Set("b", 1)
		var unknown *pickle.ClassError
		if err := s.Renew(t.Context()); !errors.Is(err, session.ErrUndecodable) || !errors.As(err, &unknown) || unknown.Class != "myapp.Cart" {
			t.Errorf("the error is %v", err)
		}
	})
	for _, r := range store.records {
		if string(r.data) != class {
			t.Error("Python's record was overwritten")
		}
	}
}
