package connect

import "strconv"

// GuardedSave says how a change that depends on what is stored is made in one
// step: a save, a removal, a restart of a time to live.
type GuardedSave int

const (
	// GuardedSaveAuto uses SET with IFEQ where the server has it (Valkey 8.1,
	// Redis 8.4 and later) and a script elsewhere, found out by trying. It is the
	// default. Scripts also change records of more than 16 KiB, unless the server
	// runs none.
	GuardedSaveAuto GuardedSave = iota
	// GuardedSaveScript always uses scripts.
	GuardedSaveScript
	// GuardedSaveNative never uses scripts. A server without IFEQ is refused.
	GuardedSaveNative
)

// String returns the word that the settings use.
func (g GuardedSave) String() string {
	switch g {
	case GuardedSaveAuto:
		return "auto"
	case GuardedSaveScript:
		return "script"
	case GuardedSaveNative:
		return "native"
	default:
		return "guarded_save " + strconv.Itoa(int(g))
	}
}
