package factory_test

import (
	"strings"
	"testing"

	"github.com/pyramidgo/redissessions/factory"
	"github.com/pyramidgo/redissessions/internal/visitor"
	"github.com/pyramidgo/redissessions/session"
	"github.com/pyramidgo/redissessions/settings"
)

// The settings of a Pyramid application that name its code, by key, with the
// method that registers the like in Go.
var pythonCode = map[string][2]string{
	"client_callable":                   {"myapp.redis.get_client", "Registry.Connect"},
	"id_generator":                      {"myapp.ids:generate", "Registry.IDGenerator"},
	"cookie_signer":                     {"myapp.cookies.SIGNER", "Registry.Signer"},
	"func_invalid_logger":               {"myapp.log.invalid", "Registry.OnInvalid"},
	"func_check_response_allow_cookies": {"myapp.cookies.allowed", "Registry.AllowCookie"},
	"connection_pool":                   {"myapp.redis.POOL", "Registry.Client"},
	"observer":                          {"myapp.metrics.observe", "Registry.Observer"},
	"serialize":                         {"myapp.records.dump", "Registry.Encode"},
	"deserialize":                       {"myapp.records.load", "Registry.Decode"},
}

func TestPythonNamesAreRefusedWithTheWayOut(t *testing.T) {
	src := settings.Map{"redis.sessions.url": "embedded://", "redis.sessions.format": "pyramid_session_redis"}
	for key, code := range pythonCode {
		src["redis.sessions."+key] = code[0]
	}
	f, err := factory.FromSettings(src, withEmbedded)
	if err == nil {
		f.Close()
		t.Fatal("Python names were accepted")
	}
	for _, line := range strings.Split(err.Error(), "\n") {
		t.Log(line)
	}
	for _, code := range pythonCode {
		found := false
		for _, line := range strings.Split(err.Error(), "\n") {
			found = found || strings.Contains(line, `"`+code[0]+`" names Python code`) &&
				strings.Contains(line, code[1]) && strings.Contains(line, "go.redis.sessions.")
		}
		if !found {
			t.Errorf("no line says what to do about %s (%s)", code[0], code[1])
		}
	}
}

// Every one of them can be overridden for Go alone: by a name that is
// registered, or by nothing.
func TestTheGoTwinOverridesPythonNames(t *testing.T) {
	src := settings.Map{"redis.sessions.secret": secret, "redis.sessions.url": "embedded://", "redis.sessions.format": "pyramid_session_redis"}
	for key, code := range pythonCode {
		src["redis.sessions."+key], src["go.redis.sessions."+key] = code[0], ""
	}
	r := factory.NewRegistry()
	r.IDGenerator("ours", func() (string, error) { return "made in Go", nil })
	src["go.redis.sessions.id_generator"] = "ours"
	f, err := factory.FromSettings(src, withRegistry(r), withEmbedded)
	if err != nil {
		t.Fatal(err)
	}
	s := &site{t: t, sessions: f, visitor: visitor.New(t)}
	t.Cleanup(func() { f.Close() })
	s.write()
	s.visit(func(se *session.Session) {
		if se.ID() != "made in Go" {
			t.Errorf("the ID is %q", se.ID())
		}
	})
}

func TestOtherUnknownNamesAreNotTakenForPython(t *testing.T) {
	_, err := factory.FromSettings(settings.Map{"redis.sessions.secret": secret, "redis.sessions.encode": "msgpak", "redis.sessions.decode": "msgpack"})
	if err == nil || strings.Contains(err.Error(), "Python") || !strings.Contains(err.Error(), `no function named "msgpak"; registered: `) {
		t.Errorf("got %v", err)
	}
}

func TestPythonNamesOfCodecs(t *testing.T) {
	for _, names := range [][2]string{{"json.dumps", "json.loads"}, {"cPickle.dumps", "cPickle.loads"}, {"pickle:dumps", "pickle:loads"}} {
		s := newSite(t, settings.Map{"format": "pyramid_redis_sessions", "encode": names[0], "decode": names[1]})
		s.write()
		record, _ := s.redis.Get(s.key())
		if isJSON := strings.HasPrefix(record, "{"); isJSON != strings.HasPrefix(names[0], "json") {
			t.Errorf("%s wrote %q", names[0], record)
		}
	}
}
