package factory_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/pyramidgo/redissessions/encode"
	"github.com/pyramidgo/redissessions/factory"
	"github.com/pyramidgo/redissessions/session"
	"github.com/pyramidgo/redissessions/settings"
)

func encryptionKey(b byte) string {
	return base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{b}, 32))
}

// ours registers a codec of the application's.
func ours() factory.Option {
	r := factory.NewRegistry()
	r.Encode("ours", func(v any) ([]byte, error) {
		b, err := encode.JSON.Encode(v)
		return append([]byte("ours:"), b...), err
	})
	r.Decode("ours", func(data []byte, v any) error {
		body, ok := bytes.CutPrefix(data, []byte("ours:"))
		if !ok {
			return fmt.Errorf("%.10q does not begin as ours does", data)
		}
		return encode.JSON.Decode(body, v)
	})
	return factory.WithRegistry(r)
}

// rollOut is a change of settings as an operator makes it: each step runs on all
// servers before the next begins, and beside the one before while it is brought in.
type rollOut []settings.Map

// sideBySide lets one visitor's requests go to the servers of two steps in turn, and
// wants every one of them to find what the others wrote.
func (s *site) sideBySide(before, after settings.Map) {
	s.t.Helper()
	servers := []*session.Factory{s.start(before, ours()), s.start(after, ours())}
	want := s.countAt(servers[0])
	for i, server := range []int{0, 1, 1, 0, 1, 0, 0, 1, 0} {
		s.sessions = servers[server]
		if i%2 == 0 {
			s.write()
			want++
		}
		if got := s.countAt(servers[server]); got != want {
			s.t.Fatalf("%v beside %v: request %d finds %d, want %d", before, after, i, got, want)
		}
	}
	s.sessions = servers[1]
}

func (s *site) countAt(f *session.Factory) int {
	s.t.Helper()
	s.sessions = f
	return s.count()
}

// stay are values that every codec gives back as they were.
var stay = map[string]any{
	"text": "é €", "yes": true, "none": nil, "half": 0.5, "list": []any{"a", int64(1)}, "dict": map[string]any{"k": map[string]any{"deep": "x"}},
}

func (s *site) fill() {
	s.t.Helper()
	s.visit(func(se *session.Session) { se.Update(stay) })
}

func (s *site) checkFilled(step any) {
	s.t.Helper()
	s.visit(func(se *session.Session) {
		for key, want := range stay {
			if got, _ := se.Get(key); !reflect.DeepEqual(got, want) {
				s.t.Errorf("%v: %s is %#v, want %#v", step, key, got, want)
			}
		}
	})
}

// through goes through the steps and back, with requests on both sides of each, and
// with a visitor who only reads.
func (steps rollOut) through(t *testing.T) {
	t.Helper()
	there := append(rollOut{}, steps...)
	for i := len(steps) - 2; i >= 0; i-- {
		there = append(there, steps[i])
	}
	busy, reader := newSite(t, there[0], ours()), newSite(t, there[0], ours())
	for _, s := range []*site{busy, reader} {
		s.fill()
	}
	for i := 1; i < len(there); i++ {
		busy.sideBySide(there[i-1], there[i])
		busy.checkFilled(there[i])
		reader.sessions = reader.start(there[i], ours())
		reader.checkFilled(there[i])
	}
}

func TestDeployingCodecs(t *testing.T) {
	codecs := []settings.Map{{}}
	for _, name := range []string{"json", "ours", "msgpack", "cbor", "pickle"} {
		codecs = append(codecs, settings.Map{"encode": name, "decode": name})
	}
	for _, before := range codecs {
		for _, after := range codecs {
			if !reflect.DeepEqual(before, after) {
				rollOut{before, after}.through(t)
			}
		}
	}
	rollOut{
		{"encode": "json.dumps", "decode": "json.loads", "encryption_keys": encryptionKey(1)},
		{"encode": "ours", "decode": "ours", "encryption_keys": encryptionKey(1)},
		{"encryption_keys": encryptionKey(1)},
	}.through(t)
}

func TestDeployingEncryption(t *testing.T) {
	one, two := encryptionKey(1), encryptionKey(2)
	steps := func(key string) rollOut {
		return rollOut{
			{},
			{"encryption_keys_previous": key},
			{"encryption_keys": key, "encryption_accept_plain": true},
			{"encryption_keys": key},
		}
	}
	steps(one).through(t)
	for _, codec := range []string{"json", "ours"} {
		withCodec := steps(one)
		for _, step := range withCodec {
			step["encode"], step["decode"] = codec, codec
		}
		withCodec.through(t)
	}
	rollOut{
		{"encryption_keys": one},
		{"encryption_keys": one, "encryption_keys_previous": two},
		{"encryption_keys": two, "encryption_keys_previous": one},
		{"encryption_keys": two},
	}.through(t)
}

func TestDeployingSecrets(t *testing.T) {
	other := strings.TrimSpace(strings.Repeat("another secret ", 4))
	for _, format := range []string{"native", "pyramid_redis_sessions", "pyramid_session_redis"} {
		rollOut{
			{"secret": secret, "format": format},
			{"secret": secret, "secret_previous": other, "format": format},
			{"secret": other, "secret_previous": secret, "format": format},
			{"secret": other, "format": format},
		}.through(t)
	}
}

// A logout at one server ends what another has written, by whatever codec or key, and
// a session that has ended stays ended.
func TestDeployingLogouts(t *testing.T) {
	key := encryptionKey(1)
	all := []settings.Map{
		{}, {"encode": "json", "decode": "json"}, {"encode": "ours", "decode": "ours"},
		{"encryption_keys": key}, {"encryption_keys": key, "encode": "cbor", "decode": "cbor"},
	}
	for _, here := range all {
		for _, there := range all {
			s := newSite(t, here, ours())
			s.write()
			s.sessions = s.start(there, ours())
			resp := s.serve(func(_ http.ResponseWriter, r *http.Request) {
				if err := s.sessions.Invalidate(r); err != nil {
					t.Errorf("%v, ended at %v: %v", here, there, err)
				}
			})
			if keys := s.redis.Keys(); len(keys) != 0 || resp.StatusCode != 200 {
				t.Errorf("%v, ended at %v: %d keys are left, status %d", here, there, len(keys), resp.StatusCode)
			}
		}
	}
}

// What is never written again is encrypted when it is read, so that
// encryption_accept_plain can go after one timeout.
func TestPlainRecordsAreEncryptedWhenRead(t *testing.T) {
	s := newSite(t, nil)
	s.visit(func(se *session.Session) { se.Set("text", "in the clear") })
	s.sessions = s.start(settings.Map{"encryption_keys": encryptionKey(1), "encryption_accept_plain": true})
	s.redis.FastForward(time.Minute)
	s.visit(func(se *session.Session) { se.Get("text") })
	if record, _ := s.redis.Get(s.key()); strings.Contains(record, "in the clear") {
		t.Error("the record is still plain")
	}
	if ttl := s.redis.TTL(s.key()); ttl != 20*time.Minute {
		t.Errorf("its time to live is %v", ttl)
	}
}
