package goredis

import "github.com/redis/go-redis/v9"

// once keeps go-redis from sending a command again by itself. It would do so
// after a connection broke, when nobody can tell whether the command was
// carried out, and would not say that it did. This package tries again itself
// and keeps count: see retry.go. Redirections of a cluster are still followed.
//
// It holds one pointer, so that making it an interface value allocates nothing.
type once struct{ *redis.StringCmd }

// NoRetry is what go-redis asks before it sends a command again.
func (once) NoRetry() bool { return true }
