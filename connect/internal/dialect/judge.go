package dialect

import (
	"fmt"
	"strings"

	"github.com/pyramidgo/redissessions/connect"
)

// questions are where in the answers of a probe each command's is.
type questions struct {
	answers []Answer

	create, getex, get, pexpire, pttl int
	unequal, equal, delifeq           int
	persist, replace, conflict        int
	expire, gone, evalsha, remove     int
	beside, swap                      int
	unlink, del, info, config         int
	others                            []int
	users                             userQuestions
}

func (q *questions) ok(at int) bool       { return q.answers[at].Refusal == "" }
func (q *questions) why(at int) string    { return q.answers[at].Refusal }
func (q *questions) answer(at int) Answer { return q.answers[at] }

// judge turns the answers into findings and into what the store knows of its
// server.
func (g *Guarded) judge(f *Findings, q *questions, needs connect.Needs) {
	if why := q.why(q.create); why != "" {
		g.judgeCreate(f, why, needs)
		return
	}
	for _, at := range q.others {
		if why := q.why(at); begins(why, "MOVED ") {
			g.judgeCreate(f, why, needs)
			return
		}
	}
	judgeLoad(f, q, needs)
	g.judgeGuarded(f, q, needs)
	if !q.ok(q.unlink) {
		if f.NoUNLINK = q.ok(q.del); !f.NoUNLINK {
			f.Errors = append(f.Errors, "no session could be ended: "+Sentence("UNLINK", q.why(q.unlink)))
		}
	}
	if needs.Users {
		g.judgeUsers(f, q)
	}
	judgePolicy(f, q, needs)
}

// judgeCreate is for a server that does not even take a new session. Where that
// passes by itself, who only reads is served all the same.
func (g *Guarded) judgeCreate(f *Findings, why string, needs connect.Needs) {
	sentence := "no session could be saved: " + Sentence("SET", why)
	switch {
	case aboutKeys(why) && needs.Prefix == "":
	case Passing(why) && !begins(why, "READONLY ") && !begins(why, "MOVED "):
		f.Warnings = append(f.Warnings, sentence)
	default:
		f.Errors = append(f.Errors, sentence)
	}
}

func judgeLoad(f *Findings, q *questions, needs connect.Needs) {
	idles := !needs.NoTTL && !needs.NeverExpire
	stays := !q.ok(q.getex) && (!q.ok(q.get) || !q.ok(q.pexpire)) // no load restarts the time to live
	getex := Sentence("GETEX", q.why(q.getex)) + ", and GET with PEXPIRE, which would do, is refused too"
	switch {
	case idles && stays && needs.ReadTTL:
		f.Errors = append(f.Errors, "no timeout could be restarted: "+getex)
	case idles && stays:
		f.Errors = append(f.Errors, "no session could be read: "+getex)
	case !q.ok(q.pexpire):
		f.Warnings = append(f.Warnings, restartWarning+Sentence("PEXPIRE", q.why(q.pexpire)))
	}
	switch {
	case q.ok(q.get):
	case idles && !needs.ReadTTL && !stays:
		f.Errors = append(f.Errors, "no session could be read again after another request has changed it: "+Sentence("GET", q.why(q.get)))
	default:
		f.Errors = append(f.Errors, "no session could be read: "+Sentence("GET", q.why(q.get)))
	}
	f.NoGETEX = !q.ok(q.getex) && q.ok(q.get) && q.ok(q.pexpire)
	switch {
	case q.ok(q.pttl):
	case needs.ReadTTL:
		f.Errors = append(f.Errors, "no session could be read, because timeout_trigger needs PTTL: "+Sentence("PTTL", q.why(q.pttl)))
	default:
		f.Warnings = append(f.Warnings, "timeout_trigger could not be used: "+Sentence("PTTL", q.why(q.pttl)))
	}
}

// judgeGuarded finds a way to save, to remove and to restart a time to live under
// a guard.
func (g *Guarded) judgeGuarded(f *Findings, q *questions, needs connect.Needs) {
	native, scripted := false, false
	var noNative, noScript string
	if g.choice != connect.GuardedSaveScript {
		refused := q.answer(q.unequal)
		native = refused.Refusal == "" && refused.Value == nil && q.answer(q.equal).is("OK")
		if noNative = ErrNoIFEQ.Error(); refused.Refusal != "" && !strings.Contains(refused.Refusal, "syntax") {
			noNative = Sentence("SET with IFEQ", refused.Refusal)
		}
		g.ifeq.set(native)
		f.IFEQ, f.DELIFEQ = native, q.answer(q.delifeq).is("0")
		g.delifeq.set(f.DELIFEQ)
	}
	if g.choice != connect.GuardedSaveNative {
		noScript = firstRefusal(q, map[string][]int{"EVAL": {q.replace, q.conflict}, "EVALSHA": {q.evalsha}})
		f.Scripts = noScript == ""
		if scripted = f.Scripts; scripted {
			g.scripting.set(true)
		} else if native {
			g.scripting.set(false)
		}
		if g.client.OneServer() {
			g.judgeSwap(f, q)
		}
	}
	switch {
	case native:
		return
	case g.choice == connect.GuardedSaveNative:
		f.Errors = append(f.Errors, "no change to a session could be saved: "+noNative)
		return
	case !scripted:
		f.Errors = append(f.Errors, "no change to a session could be saved: "+strings.TrimSuffix(noScript, withoutScripts)+withoutScripts)
		return
	}
	if !q.ok(q.remove) {
		f.Errors = append(f.Errors, "no session could be ended: "+Sentence("EVAL", q.why(q.remove)))
	}
	if why := firstRefusal(q, map[string][]int{"EVAL": {q.expire, q.gone, q.persist}}); why != "" {
		if needs.RestartTTL || needs.ReadTTL {
			f.Errors = append(f.Errors, "no timeout could be restarted: "+why)
		} else if q.ok(q.pexpire) { // else judgeLoad has said so
			f.Warnings = append(f.Warnings, restartWarning+why)
		}
	}
}

// judgeSwap finds out whether a large record can be moved to its key by RENAME.
func (g *Guarded) judgeSwap(f *Findings, q *questions) {
	if q.answer(q.swap).is("1") {
		g.swapping.set(true)
		return
	}
	g.notSwapped(q.why(q.beside), q.why(q.swap))
	f.NoRENAME = f.Scripts && g.swapping.is(missing)
}

const restartWarning = "a session with a timeout of its own could not be read: "

// firstRefusal returns the sentence for the first of the commands that was
// refused, or "".
func firstRefusal(q *questions, commands map[string][]int) string {
	for _, name := range []string{"EVAL", "EVALSHA"} {
		for _, at := range commands[name] {
			if !q.ok(at) {
				return Sentence(name, q.why(at))
			}
		}
	}
	return ""
}

// judgePolicy warns of a server that may drop sessions to make room. Servers that
// tell neither by INFO nor by CONFIG are taken at their word.
func judgePolicy(f *Findings, q *questions, needs connect.Needs) {
	policy := ""
	if a := q.answer(q.info); a.Refusal == "" {
		_, rest, _ := strings.Cut(text(a.Value), "maxmemory_policy:")
		policy, _, _ = strings.Cut(rest, "\r\n")
	}
	if a := q.answer(q.config); policy == "" && a.Refusal == "" {
		if list, ok := a.Value.([]any); ok && len(list) == 2 {
			policy = text(list[1])
		}
	}
	switch {
	case needs.NoTTL: // an LRU cache is what the settings say it is
	case strings.HasPrefix(policy, "allkeys-"):
		f.Warnings = append(f.Warnings, fmt.Sprintf("its maxmemory-policy is %s: when memory is full it drops sessions, of visitors who are there too; volatile-ttl drops those first that would end soonest, noeviction none", policy))
	case strings.HasPrefix(policy, "volatile-") && needs.NeverExpire:
		f.Warnings = append(f.Warnings, fmt.Sprintf("its maxmemory-policy is %s and the sessions never time out (timeout = 0): when memory is full it drops only those with a timeout of their own, and refuses to save", policy))
	}
}
