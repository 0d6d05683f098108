package session_test

import (
	"cmp"
	"context"
	"errors"
	"strings"

	"github.com/pyramidgo/redissessions/session"
)

// do runs one command of a program on the session in hand.
func (v *visit) do(ctx context.Context, c command, readUntil int64) {
	s := v.s
	switch c.name {
	case "get":
		v.saw(c.key, v.look(c.key), readUntil)
	case "peek":
		messages := words(s.PeekFlash(""))
		v.saw(flashKey, listDatum(messages), readUntil)
	case "set":
		s.Set(c.key, c.text)
		v.will(c.key, effect{verb: doSet, text: c.text})
	case "delete":
		s.Delete(c.key)
		v.will(c.key, effect{verb: doDelete})
	case "setdefault":
		was := v.look(c.key)
		v.saw(c.key, was, readUntil)
		s.SetDefault(c.key, c.text)
		if !was.present {
			v.will(c.key, effect{verb: doFill, text: c.text})
		}
	case "pop":
		value, ok := s.Pop(c.key)
		text, _ := value.(string)
		v.saw(c.key, datum{ok, text}, readUntil)
		if ok {
			v.will(c.key, effect{verb: doPop, text: text})
		}
	case "modify":
		s.Modify(c.key, func(old any) any {
			text, _ := old.(string)
			return text + "." + c.text
		})
		v.will(c.key, effect{verb: doModify, text: c.text})
	case "grow":
		v.grow(c.text)
	case "flash":
		s.Flash("", c.text)
		v.will(flashKey, effect{verb: doFlash, text: c.text})
	case "flashonce":
		s.FlashOnce("", c.text)
		v.will(flashKey, effect{verb: doFlashOnce, text: c.text})
	case "popflash":
		popped := words(s.PopFlash(""))
		v.saw(flashKey, listDatum(popped), readUntil)
		if len(popped) > 0 {
			v.will(flashKey, effect{verb: doTake, list: popped})
		}
	case "clear":
		s.Clear()
		for _, key := range dataKeys {
			v.pending[key] = []effect{{verb: doDelete}}
		}
	case "timeout":
		s.AdjustTimeout(timeoutOf(c.text))
		v.will(timeoutKey, effect{verb: doSet, text: c.text})
	case "newcsrf":
		v.will(csrfKey, effect{verb: doSet, text: s.NewCSRFToken()})
	case "csrf":
		v.csrf(ctx)
	case "renew":
		v.renew(ctx)
	case "invalidate":
		v.invalidate(ctx)
	}
}

// grow changes the list in place, so that only a comparison finds the change.
func (v *visit) grow(text string) {
	value, _ := v.s.Get(listKey)
	list, _ := value.([]any)
	verb := doGrow
	if len(list) == 0 {
		list = []any{text, "second"}
		v.s.Set(listKey, list)
		verb = doSet
	} else {
		list[0] = text
	}
	if len(v.pending[listKey]) > 0 && v.pending[listKey][0].verb == doSet {
		verb = doSet // the list is this request's
	}
	v.will(listKey, effect{verb: verb, text: strings.Join(words(list), ",")})
}

// csrf asks for the token, which is saved by itself unless it is only read.
func (v *visit) csrf(ctx context.Context) {
	if len(v.pending[csrfKey]) > 0 || len(v.pending[timeoutKey]) > 0 {
		return // of this request or cleared by it; or a timeout, which is saved with the token
	}
	seen, err := v.s.CSRFToken(ctx)
	switch {
	case errors.Is(err, session.ErrGone):
		v.gone()
	case err != nil:
		v.h.problem("%s: CSRFToken: %v", v.who, err)
	default:
		v.id = v.s.ID()
		v.record(event{verdict: wasToken, id: v.id, key: csrfKey, seen: datum{true, seen}, call: v.since})
	}
	v.loaded = false // it may have met a conflict and merged
}

func (v *visit) renew(ctx context.Context) {
	err := v.s.Renew(ctx)
	next := v.s.ID()
	switch {
	case errors.Is(err, session.ErrGone):
		v.gone()
	case err != nil:
		v.h.problem("%s: Renew: %v", v.who, err)
	case v.id != "" && next == "":
		v.startedAfresh()
	case v.id != "":
		if n := len(v.pending[csrfKey]); n == 0 || v.pending[csrfKey][n-1].verb != doSet {
			v.will(csrfKey, effect{verb: doDelete})
		}
		v.record(event{verdict: wasSaved, id: v.id, effects: v.pending, call: v.since})
		v.record(event{verdict: wasRenewed, id: v.id, next: next, call: v.since})
		v.id, v.pending = next, map[string][]effect{}
	default:
		v.startsInPlaceOf(v.came) // a new session, with whatever the cookie named no longer in it
	}
	v.loaded = false
}

// startedAfresh records that a renewal found its session gone and began a new one:
// with what the request did, but for changes inside of values that it had loaded.
func (v *visit) startedAfresh() {
	v.record(event{verdict: wasRefused, id: v.id, call: v.since})
	if effects := v.pending[listKey]; len(effects) > 0 && effects[0].verb == doGrow {
		delete(v.pending, listKey)
	}
	v.startsInPlaceOf(v.id)
}

// startsInPlaceOf notes which session the new one replaces: where a renewal leaves
// a marker, an Invalidate in the same request ends its successor too.
func (v *visit) startsInPlaceOf(id string) {
	if !v.h.traceless {
		v.predecessor = cmp.Or(v.predecessor, id)
	}
	v.id, v.came = "", ""
}

func (v *visit) invalidate(ctx context.Context) {
	id := v.id
	if id == "" {
		id = v.came
	}
	call := v.h.now()
	if err := v.s.Invalidate(ctx); err != nil {
		v.h.problem("%s: Invalidate: %v", v.who, err)
		return
	}
	v.record(event{verdict: wasEnded, id: id, call: call})
	if v.predecessor != "" {
		v.record(event{verdict: wasEnded, id: v.predecessor, call: call})
	}
	// What is in hand now is a new session.
	v.id, v.came, v.predecessor, v.loaded, v.pending = "", "", "", false, map[string][]effect{}
}

// words returns a list of strings.
func words(list []any) []string {
	out := make([]string, len(list))
	for i, word := range list {
		out[i], _ = word.(string)
	}
	return out
}
