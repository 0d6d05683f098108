package factory_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pyramidgo/redissessions/factory"
	"github.com/pyramidgo/redissessions/session"
	"github.com/pyramidgo/redissessions/settings"
)

var sessionEffects = map[string]func(*testing.T){
	"Secret": func(t *testing.T) {
		s := newSite(t, nil)
		s.write()
		if s.sessions = s.start(settings.Map{"secret": "another secret of more than 32 bytes"}); s.count() != 0 {
			t.Error("a cookie signed with another secret was accepted")
		}
	},
	"SecretPrevious": func(t *testing.T) {
		s := newSite(t, nil)
		s.write()
		s.sessions = s.start(settings.Map{"secret": "another secret of more than 32 bytes", "secret_previous": "one more of them\n" + secret})
		resp := s.visit(func(se *session.Session) {
			if n, _ := session.Value[int](se, "n"); n != 1 {
				t.Error("a cookie signed with a previous secret was not accepted")
			}
		})
		if s.setCookie(resp) == "" {
			t.Error("the cookie was not signed again")
		}
		if s.sessions = s.start(settings.Map{"secret": "another secret of more than 32 bytes"}); s.count() != 1 {
			t.Error("the new cookie is not signed with the new secret")
		}
	},
	"Timeout": func(t *testing.T) {
		s := newSite(t, settings.Map{"timeout": 60})
		s.write()
		for range 3 { // each use restarts it
			s.redis.FastForward(59 * time.Second)
			if s.count() != 1 {
				t.Fatal("the session was gone before its idle timeout")
			}
		}
		if s.redis.FastForward(60 * time.Second); s.count() != 0 {
			t.Error("the session was there after its idle timeout")
		}
		never := newSite(t, settings.Map{"timeout": "None"})
		if never.write(); never.redis.TTL(never.key()) != 0 {
			t.Error("timeout None left a time to live")
		}
	},
	"TimeoutTrigger": func(t *testing.T) {
		s := newSite(t, settings.Map{"timeout": 60, "timeout_trigger": 20})
		s.write()
		s.redis.FastForward(19 * time.Second)
		if s.count(); s.redis.TTL(s.key()) != 41*time.Second {
			t.Errorf("restarted before it was due: %s left", s.redis.TTL(s.key()))
		}
		s.redis.FastForward(1 * time.Second)
		if s.count(); s.redis.TTL(s.key()) != 60*time.Second {
			t.Errorf("not restarted when it was due: %s left", s.redis.TTL(s.key()))
		}
	},
	"AbsoluteTimeout": func(t *testing.T) {
		s := newSite(t, settings.Map{"timeout": 60, "absolute_timeout": 90})
		s.write()
		if ttl := s.redis.TTL(s.key()); ttl != 60*time.Second {
			t.Errorf("%s to live at first, want the idle timeout", ttl)
		}
		short := newSite(t, settings.Map{"timeout": 0, "absolute_timeout": 90})
		short.write()
		short.count()
		if ttl := short.redis.TTL(short.key()); ttl <= 0 || ttl > 90*time.Second {
			t.Errorf("%s to live, want at most the absolute timeout", ttl)
		}
	},
	"DetectChanges": func(t *testing.T) {
		for _, detect := range []bool{true, false} {
			s := newSite(t, settings.Map{"detect_changes": detect})
			s.visit(func(se *session.Session) { se.Set("m", map[string]any{}) })
			s.visit(func(se *session.Session) { m, _ := se.Get("m"); m.(map[string]any)["x"] = "y" })
			s.visit(func(se *session.Session) {
				if m, _ := session.Value[map[string]string](se, "m"); (len(m) == 1) != detect {
					t.Errorf("detect_changes %v: the deep change was saved: %v", detect, len(m) == 1)
				}
			})
		}
	},
	"DeserializedFailsNew": func(t *testing.T) {
		for _, fresh := range []bool{true, false} {
			s := newSite(t, settings.Map{"deserialized_fails_new": fresh})
			s.write()
			if err := s.redis.Set(s.key(), "damaged"); err != nil {
				t.Fatal(err)
			}
			resp := s.serve(func(_ http.ResponseWriter, r *http.Request) {
				se, err := s.sessions.Get(r)
				if fresh && (err != nil || !se.IsNew()) {
					t.Errorf("true: no new session, error %v", err)
				}
				if !fresh && !errors.Is(err, session.ErrUndecodable) {
					t.Errorf("false: error %v, want ErrUndecodable", err)
				}
			})
			if want := map[bool]int{true: 200, false: 500}[fresh]; resp.StatusCode != want {
				t.Errorf("%v: status %d, want %d", fresh, resp.StatusCode, want)
			}
		}
	},
	"InvalidateEmptySession": func(t *testing.T) {
		for _, c := range []struct {
			set        settings.Map
			invalidate bool
		}{
			{settings.Map{"invalidate_empty_session": true}, true},
			{settings.Map{"invalidate_empty_session": false}, false},
			{settings.Map{}, false},
			{settings.Map{"format": "pyramid_session_redis"}, true},
			{settings.Map{"format": "pyramid_session_redis", "invalidate_empty_session": false}, false},
			{settings.Map{"format": "pyramid_redis_sessions"}, false},
		} {
			s, invalidate := newSite(t, c.set), c.invalidate
			s.write()
			resp := s.visit(func(se *session.Session) { se.Delete("n") })
			if gone := len(s.redis.Keys()) == 0; gone != invalidate {
				t.Errorf("%v: the record is gone: %v", c.set, gone)
			}
			if deleted := strings.Contains(s.setCookie(resp), "Max-Age=0"); deleted != invalidate {
				t.Errorf("%v: the cookie is deleted: %v", c.set, deleted)
			}
		}
	},
	"Prefix": func(t *testing.T) {
		s := newSite(t, settings.Map{"prefix": "shop:"})
		if s.write(); !strings.HasPrefix(s.key(), "shop:") {
			t.Errorf("the key is %q", s.key())
		}
		plain := newSite(t, nil)
		if plain.write(); !strings.HasPrefix(plain.key(), "session:") {
			t.Errorf("without a prefix the key is %q", plain.key())
		}
	},
	"EncryptionKeys": func(t *testing.T) {
		key := func(b byte) string { return base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{b}, 32)) }
		s := newSite(t, settings.Map{"encryption_keys": key(1)})
		s.visit(func(se *session.Session) { se.Set("n", 1); se.Set("text", "in the clear") })
		record, _ := s.redis.Get(s.key())
		if strings.Contains(record, "in the clear") {
			t.Error("the data is readable in Redis")
		}
		if s.sessions = s.start(settings.Map{"encryption_keys": key(2) + " " + key(1)}); s.count() != 1 {
			t.Error("a previous key does not decrypt")
		}
		if s.sessions = s.start(settings.Map{"encryption_keys": key(2)}); s.count() != 0 {
			t.Error("a key that was taken away still decrypts")
		}
	},
	"EncryptionKeysPrevious": func(t *testing.T) {
		s := newSite(t, settings.Map{"encryption_keys": encryptionKey(1)})
		s.write()
		if s.sessions = s.start(settings.Map{"encryption_keys": encryptionKey(2), "encryption_keys_previous": encryptionKey(1)}); s.count() != 1 {
			t.Error("a previous key does not decrypt")
		}
		s = newSite(t, settings.Map{"encryption_keys_previous": encryptionKey(1)})
		s.visit(func(se *session.Session) { se.Set("n", 1); se.Set("text", "in the clear") })
		if record, _ := s.redis.Get(s.key()); !strings.Contains(record, "in the clear") {
			t.Error("a previous key encrypts")
		}
	},
	"EncryptionAcceptPlain": func(t *testing.T) {
		for _, accept := range []bool{true, false} {
			s := newSite(t, nil)
			s.write()
			s.sessions = s.start(settings.Map{"encryption_keys": encryptionKey(1), "encryption_accept_plain": accept})
			if read := s.count() == 1; read != accept {
				t.Errorf("%v: a plain record is read: %v", accept, read)
			}
		}
	},
	"MaxRecordBytes": func(t *testing.T) {
		s := newSite(t, settings.Map{"max_record_bytes": 1000})
		resp := s.serve(func(_ http.ResponseWriter, r *http.Request) {
			se, _ := s.sessions.Get(r)
			se.Set("big", strings.Repeat("x", 1000))
		})
		if resp.StatusCode != 500 || len(s.redis.Keys()) != 0 {
			t.Errorf("status %d, %d keys: want 500 and nothing written", resp.StatusCode, len(s.redis.Keys()))
		}
	},
	"SetRedisTTL": func(t *testing.T) {
		// That the record itself then expires is a test of package session.
		for _, set := range []bool{true, false} {
			s := newSite(t, settings.Map{"set_redis_ttl": set})
			s.write()
			if n := s.count(); n != 1 || (s.redis.TTL(s.key()) > 0) != set {
				t.Errorf("%v: %s to live in Redis", set, s.redis.TTL(s.key()))
			}
		}
	},
	"SetRedisTTLReadHeavy": func(t *testing.T) {
		s := newSite(t, settings.Map{"set_redis_ttl_readheavy": true})
		if s.write(); s.count() != 1 {
			t.Error("it is accepted, but the session is gone")
		}
	},
	"Debug": func(t *testing.T) {
		example := settings.Map{"redis.sessions.secret": settings.ExampleSecret, "redis.sessions.url": "embedded://"}
		if f, err := factory.FromSettings(example, withEmbedded); err == nil {
			f.Close()
			t.Error("the documented secret was accepted")
		}
		f, err := factory.FromSettings(with(example, settings.Map{"debug": true}), withEmbedded)
		if err != nil {
			t.Fatal(err)
		}
		f.Close()
	},
}

func TestShortSecretIsWarnedAbout(t *testing.T) {
	var log bytes.Buffer
	s := newSite(t, settings.Map{"secret": "short"}, factory.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
	s.write()
	if !strings.Contains(log.String(), "redis.sessions.secret") || strings.Contains(log.String(), "short\"") {
		t.Errorf("the log says %q", log.String())
	}
}
