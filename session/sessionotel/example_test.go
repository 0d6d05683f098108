package sessionotel_test

import (
	"errors"
	"fmt"

	"github.com/redis/go-redis/extra/redisotel/v9"
	"github.com/redis/go-redis/v9"

	"github.com/pyramidgo/redissessions/connect/goredis"
	"github.com/pyramidgo/redissessions/session"
	"github.com/pyramidgo/redissessions/session/sessionotel"
)

// The observer makes metrics and spans of what becomes of every session. The client's own
// are those of redisotel. (With a settings file: factory.WithObserver, Registry.Client.)
func Example() {
	metrics, err := sessionotel.New() // the global providers, or WithMeterProvider, WithTracerProvider
	if err != nil {
		fmt.Println(err)
		return
	}
	client := instrumented()
	defer client.Close()
	sessions, err := session.NewFactory(goredis.New(client), &session.Options{
		Secret:   "32 random bytes, of your own making",
		Observer: metrics,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(sessions.Close())
	// Output: <nil>
}

func instrumented() *redis.Client {
	client := redis.NewClient(&redis.Options{Addr: "localhost:6379"})
	err := errors.Join(
		redisotel.InstrumentTracing(client, redisotel.WithDBStatement(false)), // no keys and records in the spans
		redisotel.InstrumentMetrics(client),
	)
	if err != nil {
		fmt.Println(err)
	}
	return client
}
