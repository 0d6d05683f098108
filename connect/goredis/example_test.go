package goredis_test

import (
	"context"
	"fmt"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"github.com/pyramidgo/redissessions/connect"
	"github.com/pyramidgo/redissessions/connect/goredis"
	"github.com/pyramidgo/redissessions/session"
)

// A session factory without a settings file: the store, then the factory, which closes it.
func ExampleConnect() {
	server, err := miniredis.Run()
	if err != nil {
		panic(err)
	}
	defer server.Close()

	ctx := context.Background()
	store, err := goredis.Connect(ctx, connect.Options{URL: "redis://" + server.Addr() + "/0"})
	if err != nil {
		fmt.Println(err)
		return
	}
	sessions, err := session.NewFactory(store, &session.Options{Secret: "32 random bytes, of your own making"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(sessions.Ping(ctx), sessions.Close())
	// Output: <nil> <nil>
}

// The application's own client can be used. Closing the factory leaves it open.
func ExampleNew() {
	server, err := miniredis.Run()
	if err != nil {
		panic(err)
	}
	defer server.Close()
	client := redis.NewClient(&redis.Options{Addr: server.Addr()})
	defer client.Close()

	sessions, err := session.NewFactory(goredis.New(client), &session.Options{Secret: "32 random bytes, of your own making"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(sessions.Close(), client.Ping(context.Background()).Val())
	// Output: <nil> PONG
}
