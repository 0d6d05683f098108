package factory_test

import (
	"strings"
	"testing"

	"github.com/pyramidgo/redissessions/encode/pickle"
	"github.com/pyramidgo/redissessions/session"
	"github.com/pyramidgo/redissessions/settings"
)

var pyramidEffects = map[string]func(*testing.T){
	"Format": func(t *testing.T) {
		members := map[string][]string{
			"pyramid_redis_sessions": {"managed_dict", "created", "timeout"},
			"pyramid_session_redis":  {"m", "c", "v", "t", "x"},
		}
		for format, want := range members {
			s := newSite(t, settings.Map{"format": format, "prefix": "shop:"})
			s.write()
			record := pickled(t, s)
			for _, name := range want {
				if _, ok := record[name]; !ok {
					t.Errorf("%s: the record has no %q", format, name)
				}
			}
			if len(record) != len(want) {
				t.Errorf("%s: %d members in the record, want %d", format, len(record), len(want))
			}
			s.visit(func(se *session.Session) {
				if s.key() != se.ID() || !strings.HasPrefix(se.ID(), "shop:") {
					t.Errorf("%s: the key is %q, want the ID with its prefix", format, s.key())
				}
			})
		}
	},
	"PythonExpires": func(t *testing.T) {
		for _, expires := range []bool{true, false} {
			s := newSite(t, settings.Map{"format": "pyramid_session_redis", "python_expires": expires})
			s.write()
			if _, has := pickled(t, s)["x"]; has != expires {
				t.Errorf("%v: the record has an x: %v", expires, has)
			}
		}
	},
}

func pickled(t *testing.T, s *site) map[string]any {
	t.Helper()
	data, _ := s.redis.Get(s.key())
	var record map[string]any
	if err := pickle.Unmarshal([]byte(data), &record); err != nil {
		t.Fatal(err)
	}
	return record
}
