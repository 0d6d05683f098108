package session_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"testing"

	"github.com/pyramidgo/redissessions/session"
)

// pingStore is a memStore with a Ping.
type pingStore struct{ *memStore }

func (m pingStore) Ping(context.Context) error {
	_, _, err := m.begin("ping", "")
	return err
}

// Ping sends one command, whatever the store has, and its error is ErrUnavailable.
func TestPing(t *testing.T) {
	for want, open := range map[string]func(*memStore) session.Store{
		"load": func(m *memStore) session.Store { return m },
		"ping": func(m *memStore) session.Store { return pingStore{m} },
	} {
		for _, format := range []session.Format{session.FormatNative, session.FormatPyramidRedisSessions, session.FormatPyramidSessionRedis} {
			m := newMemStore()
			f := newTestFactory(t, open(m), func(o *session.Options) { o.Format = format })
			if err := f.Ping(t.Context()); err != nil {
				t.Errorf("%s, %s: %v", want, format, err)
			}
			down := errors.New("down")
			m.err = down
			if err := f.Ping(t.Context()); !errors.Is(err, session.ErrUnavailable) || !errors.Is(err, down) {
				t.Errorf("%s, %s: with the store down: %v", want, format, err)
			}
			if calls := m.takeCalls(); !slices.Equal(calls, []string{want, want}) {
				t.Errorf("%s, %s: it sends %v", want, format, calls)
			}
		}
	}
	asked := false
	f := newTestFactory(t, nil, func(o *session.Options) {
		o.StoreFor = func(*http.Request) (session.Store, error) { asked = true; return newMemStore(), nil }
	})
	if err := f.Ping(t.Context()); !errors.Is(err, session.ErrPingPerRequest) || errors.Is(err, session.ErrUnavailable) || asked {
		t.Errorf("with StoreFor: %v, asked %v", err, asked)
	}
}
