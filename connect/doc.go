// Package connect says where Redis is and how a connector opens it.
//
// A program that uses package factory names a connector in its settings and
// needs nothing from here. One that does without fills in [Options] and calls
// a connector itself:
//
//	store, err := goredis.Connect(ctx, connect.Options{URL: "redis://localhost:6379/0"})
//
// The connectors are connect/goredis (one server, Sentinel, Cluster),
// connect/redigo (one server) and connect/embedded (a Redis inside the
// process, for demos and tests). Anything else that keeps records by key
// becomes a connector by way of a [Func], or a [RequestFunc] when the request
// decides where its session is kept.
package connect
