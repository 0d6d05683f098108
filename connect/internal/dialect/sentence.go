package dialect

import (
	"regexp"
	"strings"
)

// Sentence says what a refusal of a command means and what to do about it. It
// never holds what the server quotes of the arguments: a key, or a record.
func Sentence(command, refusal string) string {
	if inner := namedIn(refusal); inner != "" {
		command = inner
	}
	lower := strings.ToLower(refusal)
	switch {
	case begins(refusal, "READONLY "):
		return "the server is a replica (READONLY); connect to the primary, or name the sentinels (redis-sentinel://) that know it"
	case begins(refusal, "MOVED "), begins(refusal, "ASK "):
		return "the server is a node of a cluster that keeps this key elsewhere (MOVED); connect with redis-cluster:// or cluster_addrs"
	case aboutKeys(refusal):
		return "the user may not use the sessions' keys (NOPERM); allow them with ~ and the prefix, such as ~session:*"
	case insideUnnamed(lower):
		return "the user may not run, or the server does not know, a command inside of the scripts (NOPERM); they need +get +getrange +set +exists +persist +pexpire +unlink"
	case isNOPERM(lower):
		return "the user may not run " + command + " (NOPERM); allow it with +" + strings.ToLower(command)
	case withoutLua(lower):
		return "the server runs no Lua scripts"
	case isUnknown(lower):
		return "the server, or a proxy before it, does not know " + command + ", which Redis 6.2 and newer have"
	}
	if front, _, _ := strings.Cut(refusal, " "); front != "" && strings.ToUpper(front) == front {
		return "the server refused " + command + " (" + front + ")" + states[front]
	}
	return "the server refused " + command
}

// states say what is the matter with a server that refuses for a while, and what to do.
var states = map[string]string{
	"OOM":         ": its memory is full; raise maxmemory, or let it drop old sessions with maxmemory-policy volatile-ttl",
	"MISCONF":     ": it cannot write its data to disk; see its log",
	"NOREPLICAS":  ": too few replicas are connected to it; see them, or its setting min-replicas-to-write",
	"CLUSTERDOWN": ": its cluster is down, or none of the nodes has the key's slot; see what CLUSTER INFO says",
	"MASTERDOWN":  ": it is a replica that has lost its primary; connect to the primary",
	"LOADING":     ": it is reading its data from disk; wait until it has",
	"BUSY":        ": it is running a script of another program, which SCRIPT KILL ends",
}

// explained is a refusal with its sentence in the place of its text.
type explained struct {
	sentence string
	err      error
}

func (e *explained) Error() string { return e.sentence }

func (e *explained) Unwrap() error { return e.err }

func withoutLua(lower string) bool {
	return strings.Contains(lower, "could not find scripting engine") || strings.Contains(lower, "lua") && strings.Contains(lower, "disabled")
}

// insideUnnamed is for the servers that do not say which command of a script they
// refused.
func insideUnnamed(lower string) bool {
	return strings.Contains(lower, "executing the script can't run") || strings.Contains(lower, "unknown redis command")
}

func isNOPERM(lower string) bool {
	return insideUnnamed(lower) || strings.HasPrefix(lower, "noperm ") || strings.Contains(lower, "acl failure in script") || strings.Contains(lower, "-noperm ")
}

func isUnknown(lower string) bool {
	return strings.Contains(lower, "unknown command") || strings.Contains(lower, "unsupported command") || strings.Contains(lower, "unknown redis command")
}

// aboutKeys reports whether the user may run the command, but not on these keys.
func aboutKeys(refusal string) bool {
	lower := strings.ToLower(refusal)
	return isNOPERM(lower) && strings.Contains(lower, "key") && namedIn(refusal) == ""
}

// quoted finds the command that a server names. What follows "beginning with" are
// arguments.
var quoted = regexp.MustCompile("(?i)(?:run the|unknown command|unsupported command) ['`]([a-z|]{2,20})['`]")

func namedIn(refusal string) string {
	if m := quoted.FindStringSubmatch(refusal); m != nil {
		return strings.ToUpper(m[1])
	}
	return ""
}
