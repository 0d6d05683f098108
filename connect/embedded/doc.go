// Package embedded keeps sessions in a Redis inside the process, for demos and
// tests: nothing to install, nothing to start, and nothing left when the
// process ends. It is github.com/alicebob/miniredis, spoken to over a pipe in
// memory, so that no port is opened.
//
// Its keys expire in real time. It is not made for many visitors.
package embedded
