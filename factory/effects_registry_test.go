package factory_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	redigo "github.com/gomodule/redigo/redis"
	"github.com/redis/go-redis/v9"

	"github.com/pyramidgo/redissessions/connect"
	"github.com/pyramidgo/redissessions/connect/goredis"
	"github.com/pyramidgo/redissessions/encode"
	"github.com/pyramidgo/redissessions/factory"
	"github.com/pyramidgo/redissessions/internal/connecttest"
	"github.com/pyramidgo/redissessions/session"
	"github.com/pyramidgo/redissessions/settings"
)

func newRegistry() *factory.Registry { return factory.NewRegistry() }

func withRegistry(r *factory.Registry) factory.Option { return factory.WithRegistry(r) }

// reversed is a signer that a child could forge.
type reversed struct{}

func (reversed) Sign(id string) (string, error) { return reverse(id) + ".signed", nil }

func (reversed) Verify(value string) (string, error) {
	id, ok := strings.CutSuffix(value, ".signed")
	if !ok {
		return "", errors.New("not signed")
	}
	return reverse(id), nil
}

// counter is an observer that counts.
type counter int

func (c *counter) Observe(context.Context, *session.Event) { *c++ }

func reverse(s string) string {
	b := []byte(s)
	slices.Reverse(b)
	return string(b)
}

var registryEffects = map[string]func(*testing.T){
	"IDGenerator": func(t *testing.T) {
		r := newRegistry()
		n := 0
		r.IDGenerator("counting", func() (string, error) { n++; return fmt.Sprintf("id-%d", n), nil })
		s := newSite(t, settings.Map{"id_generator": "counting"}, withRegistry(r))
		s.write()
		s.visit(func(se *session.Session) {
			if se.ID() != "id-1" {
				t.Error("the ID is not the generator's")
			}
		})
	},
	"Observer": func(t *testing.T) {
		var one, two, three counter
		r := newRegistry()
		r.Observer("one", &one)
		r.Observer("two", &two)
		s := newSite(t, settings.Map{"observer": "one"}, withRegistry(r))
		s.write()
		if one == 0 || two != 0 {
			t.Errorf("the observer that is named was told of %d events, the other of %d", one, two)
		}
		one = 0
		s = newSite(t, settings.Map{"observer": "one, two"}, withRegistry(r), factory.WithObserver(&three), factory.WithObserver(nil))
		s.write()
		if one == 0 || two != one || three != one {
			t.Errorf("two observers that are named were told of %d and %d events, one of the program's of %d", one, two, three)
		}
		if got := mistake(t, settings.Map{"observer": "one one"}); !strings.Contains(got, "redis.sessions.observer: ") || !strings.Contains(got, "twice") {
			t.Errorf("an observer that is named twice: %s", got)
		}
	},
	"FuncInvalidLogger": func(t *testing.T) {
		var heard []error
		r := newRegistry()
		r.OnInvalid("listen", func(_ *http.Request, err error) { heard = append(heard, err) })
		s := newSite(t, settings.Map{"func_invalid_logger": "listen"}, withRegistry(r))
		s.write()
		if err := s.redis.Set(s.key(), "damaged"); err != nil {
			t.Fatal(err)
		}
		s.count()
		s.visitor.SetCookie("session", s.visitor.Cookie("session")+"x")
		s.count()
		if len(heard) != 2 || !errors.Is(heard[0], session.ErrUndecodable) || !errors.Is(heard[1], session.ErrBadCookie) {
			t.Errorf("heard %v, want ErrUndecodable and ErrBadCookie", heard)
		}
	},
	"Encode Decode": testCodec,
	"CustomConnect": func(t *testing.T) {
		elsewhere := connecttest.Miniredis(t)
		other := goredis.New(redis.NewClient(&redis.Options{Addr: elsewhere.Addr()}))
		t.Cleanup(func() { other.Close() })
		r := newRegistry()
		var given connect.Options
		r.ConnectRequest("by_request", func(_ *http.Request, o connect.Options) (session.Store, error) {
			given = o
			return other, nil
		})
		s := newSite(t, settings.Map{"custom_connect": "by_request", "db": 3}, withRegistry(r))
		s.write()
		if s.count() != 1 || len(elsewhere.Keys()) != 1 || len(s.redis.Keys()) != 0 {
			t.Error("the session is not where the connector said")
		}
		if given.DB != 3 {
			t.Errorf("the connector was given database %d, want 3", given.DB)
		}
		redigo := newSite(t, settings.Map{"custom_connect": "redigo"})
		if redigo.write(); redigo.count() != 1 || len(redigo.redis.Keys()) != 1 {
			t.Error("custom_connect = redigo does not keep sessions in Redis")
		}
		embedded := newSite(t, settings.Map{"custom_connect": "embedded", "url": nil}, withEmbedded)
		if embedded.write(); embedded.count() != 1 || len(embedded.redis.Keys()) != 0 {
			t.Error("custom_connect = embedded does not keep sessions in this process")
		}
	},
	"ConnectionPool": func(t *testing.T) {
		shared := connecttest.Miniredis(t)
		client := redis.NewClient(&redis.Options{Addr: shared.Addr()})
		t.Cleanup(func() { client.Close() })
		r := newRegistry()
		r.Client("ours", client)
		keys := settings.Map{"connection_pool": "ours", "url": nil}
		s := newSite(t, keys, withRegistry(r))
		other := s.start(keys, withRegistry(r))
		s.write()
		if err := other.Close(); err != nil {
			t.Error(err)
		}
		if s.count() != 1 || len(shared.Keys()) != 1 {
			t.Error("closing one factory took the shared client from the other")
		}

		pool := &redigo.Pool{Dial: func() (redigo.Conn, error) { return redigo.Dial("tcp", shared.Addr()) }}
		t.Cleanup(func() { pool.Close() })
		r.Client("pool", pool)
		s = newSiteElsewhere(t, settings.Map{"connection_pool": "pool"}, withRegistry(r))
		if s.write(); s.count() != 1 || len(shared.Keys()) != 2 {
			t.Error("a registered pool of redigo is not used")
		}
	},
}

func testCodec(t *testing.T) {
	r := newRegistry()
	var encoded, decoded int
	r.Encode("counted", func(v any) ([]byte, error) { encoded++; return encode.JSON.Encode(v) })
	r.Decode("counted", func(data []byte, v any) error { decoded++; return encode.JSON.Decode(data, v) })
	s := newSite(t, settings.Map{"encode": "counted", "decode": "counted"}, withRegistry(r))
	if s.write(); s.count() != 1 || encoded == 0 || decoded == 0 {
		t.Errorf("encoded %d times, decoded %d times", encoded, decoded)
	}
	if record, _ := s.redis.Get(s.key()); !strings.HasSuffix(record, `{"n":1}`) {
		t.Errorf("the record does not end with the codec's JSON")
	}
	python := newSite(t, settings.Map{"encode": "json.dumps", "decode": "json.loads"})
	python.write()
	if record, _ := python.redis.Get(python.key()); !strings.HasSuffix(record, `{"n":1}`) {
		t.Errorf("json.dumps does not mean JSON")
	}
}
