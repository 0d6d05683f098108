package session_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pyramidgo/redissessions/encode/pickle"
	"github.com/pyramidgo/redissessions/session"
	"github.com/pyramidgo/redissessions/session/internal/pyramidpeer"
)

// What the packages did in the scenarios, done by this package: the records
// must be the same, or read the same.
var scenarios = map[string]func(t *testing.T, python *pyramidpeer.Peer, p *payload){
	"flash_queues": func(t *testing.T, python *pyramidpeer.Peer, p *payload) {
		readsAs(t, p, func(s *session.Session) {
			if id, _ := session.Value[int](s, "user_id"); id != 7 {
				t.Errorf("user_id is %d", id)
			}
			if got := s.PeekFlash(""); len(got) != 2 || got[0] != "Saved." {
				t.Errorf("the default queue is %v", got)
			}
			if got := s.PopFlash("structured"); len(got) != 1 || got[0].(map[string]any)["level"] != "warn" {
				t.Errorf("the structured queue is %v", got)
			}
		})
		writesAs(t, python, p, nil, func(s *session.Session) {
			s.Set("user_id", 7)
			s.Flash("", "Saved.")
			s.Flash("", "Saved.")
			s.FlashOnce("", "Saved.")
			s.Flash("error", "Disk full — really")
			s.Flash("structured", map[string]any{"level": "warn", "n": 1})
		})
	},
	"flash_popped": func(t *testing.T, python *pyramidpeer.Peer, p *payload) {
		writesAs(t, python, p, nil, func(s *session.Session) { s.Set("a", 1); s.Flash("", "x") }, func(s *session.Session) { s.PopFlash("") })
	},
	"timeout_adjusted_to_60": func(t *testing.T, python *pyramidpeer.Peer, p *payload) {
		readsAs(t, p, func(s *session.Session) {
			if s.Timeout() != time.Minute {
				t.Errorf("the timeout is %s", s.Timeout())
			}
		})
		writesAs(t, python, p, nil, func(s *session.Session) { s.Set("a", 1); s.AdjustTimeout(time.Minute) })
	},
	"fork_no_timeout": func(t *testing.T, python *pyramidpeer.Peer, p *payload) {
		writesAs(t, python, p, func(o *session.Options) { o.IdleTimeout = session.Never }, func(s *session.Session) { s.Set("a", 1) })
	},
	"fork_python_expires_false": func(t *testing.T, python *pyramidpeer.Peer, p *payload) {
		writesAs(t, python, p, func(o *session.Options) { o.PythonExpires = false }, func(s *session.Session) { s.Set("a", 1) })
	},
	"fork_no_redis_ttl": func(t *testing.T, python *pyramidpeer.Peer, p *payload) {
		writesAs(t, python, p, func(o *session.Options) { o.ExpiryInRecord = true }, func(s *session.Session) { s.Set("a", 1) })
	},
	"fork_timeout_trigger": func(t *testing.T, python *pyramidpeer.Peer, p *payload) {
		writesAs(t, python, p, func(o *session.Options) { o.TouchAfter = 10 * time.Minute }, func(s *session.Session) { s.Set("a", 1) })
	},
	"placeholder_of_a_new_session": func(t *testing.T, _ *pyramidpeer.Peer, p *payload) {
		// Ours writes none, but must read Python's.
		readsAs(t, p, func(s *session.Session) {
			if s.IsNew() || s.Len() != 0 {
				t.Error("an empty session is no session")
			}
		})
	},
	"python2_ascii": func(t *testing.T, python *pyramidpeer.Peer, p *payload) { sharedRecord(t, python, p, nil) },
	"python2_non_ascii_byte_str": func(t *testing.T, _ *pyramidpeer.Peer, p *payload) {
		// Python 3 cannot read it at all; here the str stays what it was, bytes.
		readsAs(t, p, func(s *session.Session) {
			if hi, _ := s.Get("hi"); !bytes.Equal(hi.([]byte), []byte("caf\xc3\xa9")) {
				t.Errorf("hi is %q", hi)
			}
		})
	},
}

func TestPyramidScenarios(t *testing.T) {
	var file payloadFile
	readVectors(t, "payloads.json", &file)
	python := pyramidpeer.Start(t)
	for _, p := range file.Scenarios {
		name := p.Name + "/" + p.Layout + "/" + p.Serializer
		if p.Protocol != nil {
			name += strconv.Itoa(*p.Protocol)
		}
		t.Run(name, func(t *testing.T) {
			test := scenarios[p.Name]
			if test == nil {
				t.Fatal("no test knows the scenario")
			}
			test(t, python, &p)
		})
	}
}

func readsAs(t *testing.T, p *payload, look func(*session.Session)) {
	t.Helper()
	store := newMemStore()
	store.put("id", p.record(t), 0)
	visitRecord(t, newPyramidFactory(t, store, packages[p.Layout], p.Serializer, nil), "id", look)
}

// writesAs makes a session by some requests and wants the record and the time
// to live that the package has left.
func writesAs(t *testing.T, python *pyramidpeer.Peer, p *payload, edit func(*session.Options), requests ...func(*session.Session)) {
	t.Helper()
	store := newMemStore()
	f := newPyramidFactory(t, store, packages[p.Layout], p.Serializer, edit)
	v := newVisitor(t, f)
	for _, use := range requests {
		v.visit(use)
	}
	for _, r := range store.records {
		ask := func(member string, want any) {
			t.Helper()
			a := python.Ask(t, "same", pyramidpeer.Question{"serializer": p.Serializer, "record": r.data, "member": member, "want": want})
			if !a.Same {
				t.Errorf("%q of the record is %s\nwant %s", member, a.Got, want)
			}
		}
		if p.ManagedDict != nil {
			ask(dataMember(f), p.ManagedDict)
		}
		if p.Envelope != nil {
			// Ours keeps the time of creation to the millisecond.
			envelope := strings.Replace(string(p.Envelope), "1700000000.123456", "1700000000.123", 1)
			members, _, err := parts(t, f, r.data)
			if err != nil {
				t.Fatal(err)
			}
			whole, err := recordCodec(f).Encode(map[string]any{"envelope": members})
			if err != nil {
				t.Fatal(err)
			}
			r.data = whole
			ask("envelope", json.RawMessage(envelope))
		}
		if p.RedisTTL != nil {
			if *p.RedisTTL < 0 != r.expires.IsZero() || *p.RedisTTL > 0 && r.ttl != time.Duration(*p.RedisTTL)*time.Second {
				t.Errorf("the time to live is %s, want %d s", r.ttl, *p.RedisTTL)
			}
		}
	}
	if len(store.records) != 1 {
		t.Errorf("%d records", len(store.records))
	}
}

// parts returns a record's members but the data, and the data.
func parts(t *testing.T, f *session.Factory, record []byte) (members, data map[string]any, err error) {
	t.Helper()
	if err := recordCodec(f).Decode(record, &members); err != nil {
		return nil, nil, err
	}
	data, ok := members[dataMember(f)].(map[string]any)
	if !ok {
		err = errors.New("there is no data")
	}
	delete(members, dataMember(f))
	return members, data, err
}

// Whatever is kept in a record that we do not know of, goes back.
func TestPyramidUnknownMembersAreKept(t *testing.T) {
	for layout, format := range packages {
		store := newMemStore()
		f := newPyramidFactory(t, store, format, "pickle", nil)
		record := map[string]any{"from a later version": pickle.Tuple{"a"}}
		if layout == "original" {
			record["managed_dict"], record["created"], record["timeout"] = map[string]any{}, 1.5, 60.2
		} else {
			record["m"], record["c"], record["v"], record["t"] = map[string]any{}, 1.5, 1.0, 60.2
		}
		b, err := pickle.Marshal(record)
		if err != nil {
			t.Fatal(err)
		}
		store.put("id", b, 0)
		visitRecord(t, f, "id", func(s *session.Session) { s.Set("a", 1) })
		members, data, err := parts(t, f, store.records["id"].data)
		if err != nil {
			t.Fatal(err)
		}
		if kept, ok := members["from a later version"].(pickle.Tuple); !ok || len(kept) != 1 || data["a"] != int64(1) {
			t.Errorf("%s: the record is now %v and %v", layout, members, data)
		}
		// Python cannot work with floats here.
		for _, name := range []string{"timeout", "t", "c", "v", "x"} {
			if v, ok := members[name]; ok {
				if _, isInt := v.(int64); !isInt {
					t.Errorf("%s: %s is a %T", layout, name, v)
				}
			}
		}
		if want := int64(61); members["timeout"] != want && members["t"] != want {
			t.Errorf("%s: a timeout of 60.2 has become %v, want %d", layout, members, want)
		}
	}
}
