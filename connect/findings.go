package connect

import "context"

// Findings are the result of probing a server: which of the commands that sessions need it
// carries out for the user that is logged in.
type Findings struct {
	// Errors are sentences about missing commands without which no session works, each with
	// what to do.
	Errors []string
	// Warnings are sentences about missing commands that only some sessions need.
	Warnings []string
	// NoGETEX and NoUNLINK say that GET with PEXPIRE, or DEL, is sent in their place.
	NoGETEX, NoUNLINK bool
	// IFEQ says that a save can be guarded by SET with IFEQ, DELIFEQ that the server has
	// that command too, and Scripts that a save can be guarded by a Lua script. What
	// Options.GuardedSave rules out was not looked for.
	IFEQ, DELIFEQ, Scripts bool
	// NoRENAME says that the scripts may not use RENAME, by which a large record is saved
	// without a copy of it in Lua. Saves are made all the same. On a Cluster RENAME is not used.
	NoRENAME bool
}

// Prober is an optional interface of a store that a connector opens. Connect itself asks,
// unless LazyConnect is set, and returns or logs what there is to say.
type Prober interface {
	// Probe sends the commands that sessions send, on a key that it makes and removes,
	// in one round trip. The error is that of a server that did not answer.
	Probe(ctx context.Context, needs Needs) (*Findings, error)
}
