package dialect

import (
	"slices"
	"strings"
	"time"

	"github.com/pyramidgo/redissessions/connect"
)

// userQuestions are where in the answers of a probe the commands about sessions by user are.
type userQuestions struct {
	always      []named // what no other command stands in for
	newer       []named // what IndexAdd stands in for, before Redis 7.0
	transaction []named // IndexAdd stands in for it when MULTI is refused
	older       named
	leaving     []int
}

// named is a command of a probe.
type named struct {
	name string
	at   int
}

// usersRights is what a user needs for sessions by user, beside what sessions need.
const usersRights = "+zadd +zrem +zrange +zremrangebyscore +pexpireat +multi +exec"

// askUsers sends what a session.UserIndex sends, about a set beside the key of the probe, which
// goes with its last member.
func (g *Guarded) askUsers(p *probe, q *questions, key string) {
	key += ":set"
	until := time.Now().Add(10 * time.Second).UnixMilli()
	u := &q.users
	ask := func(list *[]named, args ...any) {
		*list = append(*list, named{strings.ToUpper(args[0].(string)), p.send(args...)})
	}
	ask(&u.always, "zadd", key, until, "member")
	ask(&u.newer, "zadd", key, "gt", until, "member")
	ask(&u.newer, "pexpireat", key, until, "nx")
	ask(&u.newer, "pexpireat", key, until, "gt")
	if g.choice != connect.GuardedSaveNative {
		u.older = named{"EVAL", p.send(indexScript(key, "member", until, until, "0", time.Now())...)}
		if g.client.OneServer() {
			for _, s := range []*Script{&ReplaceLeaving, &RemoveLeaving} { // the server knows them from now on
				u.leaving = append(u.leaving, p.send("eval", s.Source, "2", key+":none", key, "x", "x", "0", "none"))
			}
		}
	}
	ask(&u.always, "zrange", key, 0, -1, "withscores")
	ask(&u.always, "zremrangebyscore", key, "-inf", "0")
	ask(&u.always, "zrem", key, "member")
	// A cluster's client sends these itself, to the key's node. They are the last: without
	// EXEC nothing behind them is carried out.
	if g.client.OneServer() {
		ask(&u.transaction, "multi")
		ask(&u.transaction, "exec")
	}
}

// judgeUsers says which commands are missing, all of them at once, and what allows them.
func (g *Guarded) judgeUsers(f *Findings, q *questions) {
	u := &q.users
	script := u.older.name != "" && q.ok(u.older.at)
	needed := u.always
	if len(u.transaction) > 0 && script && !q.ok(u.transaction[0].at) {
		g.transactions.set(false)
	} else {
		needed = slices.Concat(needed, u.transaction)
	}
	var missing []named
	for _, c := range needed {
		// Without MULTI there is nothing to EXEC: only a refusal of the command counts.
		if why := q.why(c.at); why != "" && !strings.Contains(why, "without MULTI") {
			missing = append(missing, c)
		}
	}
	if !script {
		for _, c := range u.newer {
			if !q.ok(c.at) {
				missing = append(missing, c)
			}
		}
	}
	if slices.ContainsFunc(u.leaving, func(at int) bool { return !q.ok(at) && Lacks(q.why(at)) }) {
		g.leaving.set(false)
	}
	if len(missing) == 0 {
		return
	}
	names, denied := []string{}, false
	for _, c := range missing {
		if !slices.Contains(names, c.name) {
			names = append(names, c.name)
		}
		// An empty transaction is given up only when EXEC itself is refused.
		denied = denied || isNOPERM(strings.ToLower(q.why(c.at))) || begins(q.why(c.at), "EXECABORT ")
	}
	sentence := "sessions could not be kept by user (user_sessions): " + Sentence(missing[0].name, q.why(missing[0].at))
	if denied {
		sentence = "sessions could not be kept by user (user_sessions): the user may not run " + strings.Join(names, ", ") +
			" (NOPERM); allow what they need with " + usersRights
	}
	f.Errors = append(f.Errors, sentence)
}
