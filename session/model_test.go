package session_test

import (
	"slices"
	"strings"
)

// What is linearizable, per key of a session:
//
//   - a read takes effect at some moment of the load;
//   - what a request does to a key takes effect, all of it at once, between its
//     load and the acknowledgement of its save: at the save when it changes
//     something, at the load when it does not;
//   - Renew and Invalidate take effect for every key at some moment of the call.
//
// A session keeps its identity over a renewal: its IDs are one line. A renewal that
// finds its session gone begins another line.
//
// Where a renewal leaves no trace, in the Pyramid formats, a logout ends the session
// only while the ID that it came with is the one in force.

// effect is what a request does to one key.
type effect struct {
	verb string
	text string   // its argument
	list []string // the argument of doTake
}

const (
	doSet       = "set"
	doGrow      = "grow" // sets a value that was loaded, by changing it in place
	doDelete    = "delete"
	doFill      = "setdefault"
	doPop       = "pop"    // removes the key only while it holds text
	doModify    = "modify" // appends text to the string
	doFlash     = "flash"  // appends text to the list
	doFlashOnce = "flash once"
	doTake      = "popflash" // takes the listed messages out of the list
)

// datum is a key's value, a list as its elements between commas.
type datum struct {
	present bool
	text    string
}

func (d datum) list() []string {
	if d.text == "" {
		return nil
	}
	return strings.Split(d.text, ",")
}

func listDatum(list []string) datum { return datum{len(list) > 0, strings.Join(list, ",")} }

func (e effect) on(d datum) datum {
	switch e.verb {
	case doSet, doGrow:
		return datum{true, e.text}
	case doDelete:
		return datum{}
	case doFill:
		if !d.present {
			return datum{true, e.text}
		}
	case doPop:
		if d.present && d.text == e.text {
			return datum{}
		}
	case doModify:
		return datum{true, d.text + "." + e.text}
	case doFlash:
		return listDatum(append(d.list(), e.text))
	case doFlashOnce:
		if !slices.Contains(d.list(), e.text) {
			return listDatum(append(d.list(), e.text))
		}
	case doTake:
		rest := d.list()
		for _, m := range e.list {
			if i := slices.Index(rest, m); i >= 0 {
				rest = slices.Delete(slices.Clone(rest), i, i+1)
			}
		}
		return listDatum(rest)
	}
	return d
}

// modelState is what the model knows of one key of one line.
type modelState struct {
	id    string // the ID in force
	ended bool
	datum datum

	traceless bool // a renewal leaves no marker
}

// advance is the sequential specification of one key.
func advance(key string, before modelState, e event) (legal bool, after modelState) {
	there := !before.ended && before.id == e.id
	after = before
	switch e.verdict {
	case wasRead:
		return there && before.datum == e.seen, after
	case wasMissed, wasRefused:
		return !there, after
	case wasToken:
		if before.datum.text != "" {
			return there && before.datum == e.seen, after
		}
		after.datum = e.seen
	case wasEnded:
		after.ended = before.ended || !before.traceless || before.id == e.id
		return true, after
	case wasSaved:
		for _, eff := range e.effects[key] {
			after.datum = eff.on(after.datum)
		}
	case wasRenewed:
		after.id = e.next
	}
	return there, after
}

// concerns reports whether an event belongs to the history of a key.
func (e event) concerns(key string) bool {
	switch e.verdict {
	case wasRead, wasToken:
		return e.key == key
	case wasSaved:
		return len(e.effects[key]) > 0
	default:
		return true
	}
}
