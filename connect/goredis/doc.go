// Package goredis keeps sessions in Redis through github.com/redis/go-redis:
// one server, a Sentinel set, or a Cluster.
//
// [Connect] opens a client with settings that suit sessions; [New] takes one
// that the program has already.
//
// go-redis writes a line to the standard error for every connection that it
// could not make. Its logger is one for the whole process, so this package
// leaves it alone; a program that wants it elsewhere calls redis.SetLogger.
package goredis
