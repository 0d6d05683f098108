package dialect

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/pyramidgo/redissessions/connect"
	"github.com/pyramidgo/redissessions/session"
)

// Answer is what a server said to one command of several.
type Answer struct {
	Value   any    // a string, a number, a list, or nil
	Refusal string // "" when the command was carried out
}

func (a Answer) is(want string) bool {
	return a.Refusal == "" && a.Value != nil && text(a.Value) == want
}

// text makes the replies of both clients alike.
func text(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case []byte:
		return string(v)
	default:
		return fmt.Sprint(v)
	}
}

// Findings are the result of probing a server.
type Findings connect.Findings

// Err returns one error for all of them, or nil.
func (f *Findings) Err(op, place string) error {
	if len(f.Errors) == 0 {
		return nil
	}
	return &Fault{what: op + ": " + place, err: errors.New(strings.Join(f.Errors, "; ")), class: session.ErrRefused}
}

// Log warns of what is in the findings.
func (f *Findings) Log(l *slog.Logger, op, place string) {
	if l == nil {
		l = slog.Default()
	}
	for _, w := range f.Warnings {
		l.Warn(op + ": " + place + ": " + w)
	}
}

const (
	probeGuard = "probe:"
	probeOld   = probeGuard + "1"
	probeNew   = probeGuard + "2"
	probeLife  = "10000" // milliseconds: should nothing be allowed that removes it

	// otherKeys is how many other keys one server is asked for. A node of a cluster may have
	// the key above; that one of two nodes has all of these happens once in 16 million times.
	otherKeys = 24
)

// probe collects commands and remembers what they are for.
type probe struct{ commands [][]any }

func (p *probe) send(args ...any) (at int) {
	p.commands = append(p.commands, args)
	return len(p.commands) - 1
}

// Probe finds out, in one round trip and on keys of its own, whether the server
// does what these settings need, and remembers how guarded changes are made.
func (g *Guarded) Probe(ctx context.Context, needs connect.Needs) (*Findings, error) {
	prefix := needs.Prefix
	if prefix == "" {
		prefix = "session:"
	}
	key := prefix + "probe:" + rand.Text()
	var p probe
	var q questions
	q.create = p.send("set", key, probeOld, "nx", "px", probeLife)
	if g.choice != connect.GuardedSaveNative {
		q.persist = p.send("eval", Persist.Source, "1", key) // before those that give the key its time back
	}
	q.getex = p.send("getex", key, "px", probeLife)
	q.get = p.send("get", key)
	q.pexpire = p.send("pexpire", key, probeLife)
	q.pttl = p.send("pttl", key)
	if g.choice != connect.GuardedSaveScript {
		q.unequal = p.send("set", key, probeNew, "ifeq", "no", "px", probeLife)
		q.equal = p.send("set", key, probeNew, "ifeq", probeOld, "px", probeLife)
		q.delifeq = p.send("delifeq", key, "no")
	}
	if g.choice != connect.GuardedSaveNative {
		q.replace = p.send("eval", Replace.Source, "1", key, probeGuard, probeNew, probeLife)
		q.conflict = p.send("eval", Replace.Source, "1", key, "no", probeNew, probeLife)
		q.expire = p.send("eval", Expire.Source, "1", key, probeGuard, probeLife)
		q.gone = p.send("eval", Expire.Source, "1", key, "no", probeLife)
		q.evalsha = p.send("evalsha", Replace.SHA, "1", key, probeGuard, probeNew, probeLife)
		if g.client.OneServer() {
			q.beside = p.send("set", key+beside, probeNew, "px", probeLife)
			q.swap = p.send("eval", Swap.Source, "2", key, key+beside, probeGuard, probeLife)
		}
		q.remove = p.send("eval", Remove.Source, "1", key, probeGuard)
	}
	if g.client.OneServer() {
		for range otherKeys {
			q.others = append(q.others, p.send("get", prefix+"probe:"+rand.Text()))
		}
	}
	q.unlink = p.send("unlink", key)
	q.del = p.send("del", key)
	if q.swap != 0 { // where EVAL is refused it is still there
		p.send("unlink", key+beside)
		p.send("del", key+beside)
	}
	q.info = p.send("info", "memory")
	q.config = p.send("config", "get", "maxmemory-policy")
	if needs.Users {
		g.askUsers(&p, &q, key)
	}
	answers, err := g.client.Pipeline(ctx, p.commands)
	if err != nil {
		return nil, err
	}
	q.answers = answers
	f := &Findings{}
	g.judge(f, &q, needs)
	return f, nil
}
