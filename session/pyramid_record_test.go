package session_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pyramidgo/redissessions/encode"
	"github.com/pyramidgo/redissessions/encode/pickle"
	"github.com/pyramidgo/redissessions/session"
	"github.com/pyramidgo/redissessions/session/internal/pyramidpeer"
)

// unkept are the cases that no Go session can hold, by serializer, with what
// the error must say.
var unkept = map[string]map[string]string{
	"pickle": {"defaultdict": "collections.defaultdict", "complex": "complex", "recursive_list": "contains itself"},
	// RFC 8259 has no NaN, and no text that is not Unicode, though Python
	// writes both.
	"json": {"float_special": "", "str_lone_surrogate": ""},
}

// visitor of one session, whose record a test has put there.
func visitRecord(t *testing.T, f *session.Factory, id string, use func(*session.Session)) *http.Response {
	v := newVisitor(t, f)
	v.keep(&http.Cookie{Name: "session", Value: id})
	return v.visit(use)
}

func TestPyramidPayloads(t *testing.T) {
	var file payloadFile
	readVectors(t, "payloads.json", &file)
	python := pyramidpeer.Start(t)
	n := 0
	for _, p := range file.Payloads {
		if p.PythonCannot != "" {
			continue
		}
		protocol := ""
		if p.Protocol != nil {
			protocol = strconv.Itoa(*p.Protocol)
		}
		n++
		t.Run(p.Case+"/"+p.Layout+"/"+p.Serializer+protocol, func(t *testing.T) {
			if reason, ok := unkept[p.Serializer][p.Case]; ok {
				undecodable(t, packages[p.Layout], p.Serializer, p.record(t), reason)
				return
			}
			want := file.Cases[p.Case]
			if p.ReadBack != nil {
				want = p.ReadBack
			}
			sharedRecord(t, python, &p, want)
		})
	}
	if n < 290 {
		t.Errorf("only %d payloads", n)
	}
}

// sharedRecord wants a session to show what a record holds, to leave it alone
// when it is only read, and to give all of it back when it is changed.
func sharedRecord(t *testing.T, python *pyramidpeer.Peer, p *payload, want json.RawMessage) {
	t.Helper()
	record, store := p.record(t), newMemStore()
	store.put("id", record, 0)
	f := newPyramidFactory(t, store, packages[p.Layout], p.Serializer, nil)

	visitRecord(t, f, "id", func(s *session.Session) {
		if s.IsNew() || s.ID() != "id" {
			t.Fatal("the session was not found")
		}
		data := map[string]any{}
		for k, v := range s.All() {
			data[k] = v
		}
		codec := encode.JSON
		if p.Serializer == "pickle" {
			codec = pickle.Codec
		}
		seen, err := codec.Encode(map[string]any{"data": data})
		if err != nil {
			t.Fatal(err)
		}
		if want != nil {
			a := python.Ask(t, "same", pyramidpeer.Question{"serializer": p.Serializer, "record": seen, "member": "data", "want": withTextKeys(t, want)})
			if !a.Same {
				t.Errorf("the session shows %.1000s\nwant %.1000s", a.Got, want)
			}
		}
	})
	if calls := store.takeCalls(); len(calls) != 1 || !bytes.Equal(store.records["id"].data, record) {
		t.Errorf("reading took %v", calls)
	}

	visitRecord(t, f, "id", func(s *session.Session) { s.Set("from Go", []any{"a"}) })
	if changed := store.records["id"].data; bytes.Equal(changed, record) {
		t.Fatal("the record was not written")
	}
	visitRecord(t, f, "id", func(s *session.Session) { s.Delete("from Go") })
	question := pyramidpeer.Question{"serializer": p.Serializer, "a": record, "b": store.records["id"].data}
	if a := python.Ask(t, "equal", question); !a.Same {
		t.Errorf("changed by Go and changed back the record is %.1000s", a.Got)
	}
}

// withTextKeys leaves out of a dict's notation the keys that a Session does not
// reach.
func withTextKeys(t *testing.T, notation json.RawMessage) any {
	t.Helper()
	var dict struct {
		T string   `json:"t"`
		V [][2]any `json:"v"`
	}
	if err := json.Unmarshal(notation, &dict); err != nil {
		t.Fatal(err)
	}
	items := [][2]any{}
	for _, item := range dict.V {
		if item[0].(map[string]any)["t"] == "str" {
			items = append(items, item)
		}
	}
	return map[string]any{"t": dict.T, "v": items}
}

// undecodable wants a record to start a new session, or an error where the
// settings say so, and to stay as it is.
func undecodable(t *testing.T, format session.Format, serializer string, record []byte, reason string) {
	t.Helper()
	store := newMemStore()
	store.put("id", record, 0)
	var heard error
	f := newPyramidFactory(t, store, format, serializer, func(o *session.Options) {
		o.OnInvalid = func(_ *http.Request, err error) { heard = err }
	})
	visitRecord(t, f, "id", func(s *session.Session) {
		if !s.IsNew() || s.Len() != 0 {
			t.Error("it is a session")
		}
		s.Set("a", 1)
	})
	if !errors.Is(heard, session.ErrUndecodable) || !strings.Contains(heard.Error(), reason) {
		t.Errorf("the hook heard %v, want ErrUndecodable with %q", heard, reason)
	}
	if !bytes.Equal(store.records["id"].data, record) || len(store.records) != 2 {
		t.Error("the record was touched, or the new session has none of its own")
	}

	f = newPyramidFactory(t, store, format, serializer, func(o *session.Options) { o.FailOnUndecodable = true })
	v := newVisitor(t, f)
	v.keep(&http.Cookie{Name: "session", Value: "id"})
	v.serve(func(_ http.ResponseWriter, r *http.Request) {
		if _, err := f.Get(r); !errors.Is(err, session.ErrUndecodable) {
			t.Errorf("with FailOnUndecodable the error is %v", err)
		}
	})
}

func TestPyramidBadPayloads(t *testing.T) {
	var file payloadFile
	readVectors(t, "payloads.json", &file)
	for _, p := range file.BadPayloads {
		for layout, outcome := range map[string]string{"original": p.Original.Outcome, "fork": p.Fork.Outcome} {
			t.Run(p.Name+"/"+layout, func(t *testing.T) {
				if outcome != "loaded" {
					undecodable(t, packages[layout], "pickle", fromHex(t, p.Hex), "")
					return
				}
				store := newMemStore()
				store.put("id", fromHex(t, p.Hex), 0)
				visitRecord(t, newPyramidFactory(t, store, packages[layout], "pickle", nil), "id", func(s *session.Session) {
					if a, _ := session.Value[int](s, "a"); a != 1 || s.Timeout() != 5*time.Second {
						t.Errorf("a is %d, the timeout %s", a, s.Timeout())
					}
				})
			})
		}
	}
}

func TestPyramidHostileRecords(t *testing.T) {
	type hostile struct {
		Name string
		Hex  string `json:"pickle_hex"`
	}
	var file struct {
		Malicious []hostile
		Bombs     []hostile `json:"resource_bombs"`
	}
	readVectors(t, "malicious.json", &file)
	if len(file.Malicious) < 11 || len(file.Bombs) < 2 {
		t.Fatal("vectors are missing")
	}
	for _, h := range append(file.Malicious, file.Bombs...) {
		for layout, f := range packages {
			t.Run(h.Name+"/"+layout, func(t *testing.T) { undecodable(t, f, "pickle", fromHex(t, h.Hex), "") })
		}
	}
}
