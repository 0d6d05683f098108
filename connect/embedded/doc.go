// Package embedded keeps sessions in a Redis inside the process, for demos and
// tests: nothing to install, nothing to start, and nothing left when the
// process ends. A program adds it by one option, because every other program
// would have to carry it too:
//
//	factory.FromSettings(source, factory.WithConnector("embedded", embedded.Connect))
//
// The settings then say redis.sessions.url = embedded://, or embedded://name for
// one that several factories of the process share.
//
// It is github.com/alicebob/miniredis, spoken to over a pipe in memory, so that
// no port is opened. Its keys expire in real time. It is not made for many
// visitors.
package embedded
