//go:build !linux

package load

import "github.com/pyramidgo/redissessions/bench/apps"

// crowd is for systems with epoll. Elsewhere each connection has a goroutine.
func crowd([]apps.Caller) []*Conn { return nil }

func askCrowd([]*Conn, Order, *turns) (Sample, error) { panic("load: there is no crowd") }
