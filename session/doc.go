// Package session holds one visitor's state across requests, stored in Redis,
// with the session API of Pyramid.
//
// Most programs get a [Factory] from
// [github.com/pyramidgo/redissessions/factory.FromSettings], wrap their
// handlers with [Factory.Handler], and call [Factory.Get] where they need the
// visitor's [Session]:
//
//	func hello(w http.ResponseWriter, r *http.Request) {
//		s, err := sessions.Get(r)
//		if err != nil {
//			return // the Handler answers: 503 when Redis is down
//		}
//		session.Modify(s, "visits", func(n int) int { return n + 1 })
//		n, _ := session.Value[int](s, "visits")
//		fmt.Fprintf(w, "visit %d", n)
//	}
//
// Nothing is sent to Redis before Get, no key is made for a visitor who only
// reads, and the session is saved once, just before the first byte of the
// response. A save never overwrites what another request has saved meanwhile:
// the request's own changes are applied again to the current record. A session
// that was invalidated stays gone.
//
// The package knows no Redis client: it works on a [Store].
package session
