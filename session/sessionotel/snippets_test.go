package sessionotel_test

import (
	"errors"
	"testing"

	"github.com/redis/go-redis/extra/redisotel/v9"
	"github.com/redis/go-redis/v9"

	"github.com/pyramidgo/redissessions/factory"
	"github.com/pyramidgo/redissessions/session"
	"github.com/pyramidgo/redissessions/session/sessionotel"
	"github.com/pyramidgo/redissessions/settings"
)

// observed is docs/observing.md's factory with metrics.
func observed(src settings.Source) (*session.Factory, error) {
	metrics, err := sessionotel.New() // the global providers, or WithMeterProvider, WithTracerProvider
	if err != nil {
		return nil, err
	}
	sessions, err := factory.FromSettings(src, factory.WithObserver(metrics))
	return sessions, err
}

// withClient is docs/observing.md's factory with a client that is observed too.
func withClient(src settings.Source) (*session.Factory, error) {
	registry := factory.NewRegistry()
	client := redis.NewClient(&redis.Options{Addr: "localhost:6379"})
	err := errors.Join(
		redisotel.InstrumentTracing(client, redisotel.WithDBStatement(false)),
		redisotel.InstrumentMetrics(client),
	)
	if err != nil {
		return nil, err
	}
	registry.Client("observed", client) // redis.sessions.connection_pool = observed
	return factory.FromSettings(src, factory.WithRegistry(registry))
}

// TestSnippets runs what docs/observing.md shows.
func TestSnippets(t *testing.T) {
	keys := settings.Map{"redis.sessions.secret": secret, "redis.sessions.lazy_connect": true}
	f, err := observed(keys)
	if err != nil {
		t.Fatal(err)
	}
	closeAfter(t, f)
	keys["redis.sessions.connection_pool"] = "observed"
	if f, err = withClient(keys); err != nil {
		t.Fatal(err)
	}
	closeAfter(t, f)
}

func closeAfter(t *testing.T, f *session.Factory) {
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
}
