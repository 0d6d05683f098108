package apps

import (
	"github.com/gomodule/redigo/redis"
)

// redigoConnections is how many idle connections a pool of redigo's keeps. The
// READMEs say 10: with more requests at once than that, the pool would dial for
// most of them, and that would be all that the comparison measures.
const redigoConnections = 256

// newRedigoPool returns a pool as the READMEs of the libraries that want one
// make it.
func newRedigoPool(addr string) *redis.Pool {
	return &redis.Pool{
		MaxIdle: redigoConnections,
		Dial:    func() (redis.Conn, error) { return redis.Dial("tcp", addr) },
	}
}
