// Package redigo keeps sessions in one Redis server through
// github.com/gomodule/redigo, for programs that use that client already. For
// Sentinel and Cluster, and for commands that share round trips, there is
// connect/goredis.
//
// [Connect] opens a pool that suits sessions; [New] takes one that the program
// has already.
package redigo
