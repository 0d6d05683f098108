package session_test

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/anishathalye/porcupine"
)

// verdict is what came of an event.
type verdict string

const (
	wasRead    verdict = "read"    // the session was there and the key held seen
	wasMissed  verdict = "missed"  // the ID was not accepted
	wasSaved   verdict = "saved"   // the effects were acknowledged
	wasRefused verdict = "refused" // ErrGone
	wasRenewed verdict = "renewed" // the ID is next
	wasToken   verdict = "token"   // CSRFToken returned seen
	wasEnded   verdict = "ended"   // Invalidate was acknowledged
)

// event is one entry of a history.
type event struct {
	verdict   verdict
	line      int
	id, next  string
	key       string // of read and token
	seen      datum
	effects   map[string][]effect
	call, ret int64
	who       string
}

func (e event) String() string {
	return fmt.Sprintf("[%d,%d] %s: %s id=%s next=%s key=%q seen=%v effects=%v", e.call, e.ret, e.who, e.verdict, e.id, e.next, e.key, e.seen, e.effects)
}

// history records what concurrent requests saw and did.
type history struct {
	clock     atomic.Int64
	traceless bool // a renewal leaves no marker

	mu       sync.Mutex
	events   []event
	line     map[string]int // by ID
	firstID  []string       // by line
	cookie   map[string]string
	problems []string
}

func newHistory() *history { return &history{line: map[string]int{}, cookie: map[string]string{}} }

func (h *history) now() int64 { return h.clock.Add(1) }

// lineOf returns the line of an ID, a new one for an ID nobody has seen.
func (h *history) lineOf(id string) int {
	if n, ok := h.line[id]; ok {
		return n
	}
	h.line[id] = len(h.firstID)
	h.firstID = append(h.firstID, id)
	return h.line[id]
}

func (h *history) add(e event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	e.line = h.lineOf(e.id)
	if e.next != "" {
		h.line[e.next] = e.line
	}
	h.events = append(h.events, e)
}

func (h *history) problem(format string, args ...any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.problems = append(h.problems, fmt.Sprintf(format, args...))
}

// check returns everything that is wrong with the history.
func (h *history) check() []string {
	for line := range h.firstID {
		var events []event
		for _, e := range h.events {
			if e.line == line {
				events = append(events, e)
			}
		}
		if !h.traceless {
			h.checkEnd(events)
		}
		h.checkKept(events)
		for _, key := range allKeys {
			h.checkKey(line, key, events)
		}
	}
	return h.problems
}

// checkKey looks for an order of a key's events that the model allows.
func (h *history) checkKey(line int, key string, events []event) {
	first := modelState{id: h.firstID[line], traceless: h.traceless}
	if key == timeoutKey {
		first.datum = datum{true, defaultTimeout}
	}
	var ops []porcupine.Operation
	var text []string
	for _, e := range events {
		if e.concerns(key) {
			ops = append(ops, porcupine.Operation{Input: e, Call: e.call, Return: e.ret})
			text = append(text, e.String())
		}
	}
	model := porcupine.Model{
		Init: func() any { return first },
		Step: func(s, in, _ any) (bool, any) { return advance(key, s.(modelState), in.(event)) },
	}
	if !porcupine.CheckOperations(model, ops) {
		h.problem("key %q of session %d is not linearizable:\n\t%s", key, line, strings.Join(text, "\n\t"))
	}
}

// checkEnd is the first plain invariant: nothing returns after an acknowledged
// Invalidate.
func (h *history) checkEnd(events []event) {
	for _, end := range events {
		for _, e := range events {
			after := e.call > end.ret
			if end.verdict == wasEnded && after && e.verdict != wasMissed && e.verdict != wasRefused && e.verdict != wasEnded {
				h.problem("after an acknowledged Invalidate (%v) the session was there again: %v", end, e)
			}
		}
	}
}

// checkKept is the second: no acknowledged change disappears. Flashed messages
// and modifications are unique: each is there at the end, or somebody has taken
// it away.
func (h *history) checkKept(events []event) {
	accounted := map[string]bool{} // key + word, or the key alone
	alive := false
	for _, e := range events {
		if e.verdict == wasRead && e.who == lastReader {
			alive = true
			for _, word := range strings.FieldsFunc(e.seen.text, func(r rune) bool { return r == ',' || r == '.' }) {
				accounted[e.key+word] = true
			}
		}
		for key, effects := range e.effects {
			for _, eff := range effects {
				if eff.verb == doDelete {
					accounted[key] = true
				}
				for _, message := range eff.list {
					accounted[key+message] = true
				}
			}
		}
	}
	for _, e := range events {
		for key, effects := range e.effects {
			for _, eff := range effects {
				unique := eff.verb == doFlash || eff.verb == doModify && key == modifyKey
				if alive && unique && !accounted[key] && !accounted[key+eff.text] {
					h.problem("an acknowledged change has disappeared: %q of %v", eff.text, e)
				}
			}
		}
	}
}
