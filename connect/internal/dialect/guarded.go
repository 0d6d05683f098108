package dialect

import (
	"context"
	"crypto/rand"
	"errors"
	"sync/atomic"

	"github.com/pyramidgo/redissessions/connect"
	"github.com/pyramidgo/redissessions/session"
)

// Commander is what this package needs of a client.
type Commander interface {
	// Command sends one command, and again as the connector does. The reply is
	// nil for Redis's empty answer; a number comes as its digits. doubt says that
	// an earlier try may have been carried out too. Once a command that is
	// Never repeated was written, it is not sent again: the error is then
	// ErrUnknownOutcome.
	Command(ctx context.Context, repeat Repeats, args ...any) (reply []byte, doubt bool, err error)
	// Pipeline sends commands together, each once. An error means that not all of
	// them were answered.
	Pipeline(ctx context.Context, commands [][]any) ([]Answer, error)
	// Batch is Pipeline, sent again as a whole as the connector does. doubt says that
	// an earlier try may have been carried out, or a part of it.
	Batch(ctx context.Context, commands [][]any) (answers []Answer, doubt bool, err error)
	// OneServer reports whether all keys are on one server, in the order of whose
	// connection commands are carried out.
	OneServer() bool
	// Refusal returns what the server said when err is a refusal.
	Refusal(err error) (text string, ok bool)
	// Fault returns the store's error for one of Command, or of this package.
	Fault(op string, err error) error
}

// Repeats says whether a command may be sent again when its answer was lost.
type Repeats bool

// What Repeats may be.
const (
	Ever  Repeats = true
	Never Repeats = false
)

// largestNative is up to which size of the old record SET IFEQ, which carries
// the old record beside the new one, is better than a script, which carries a
// guard. Measured with Valkey 9.1: at 10 kB it costs the server a tenth, and
// the client, on one machine, makes 0.92 of the speed of a plain SET with it and
// 0.78 with the script. Over a network the old record's bytes count too, so the
// limit is not far beyond what was measured.
const largestNative = 16 << 10

// Guarded chooses how a store makes changes that depend on what is stored: by a
// script that compares a guard, or by commands that compare the whole record.
// What the server can do is found out by trying, once for each store.
type Guarded struct {
	client Commander
	choice connect.GuardedSave

	ifeq      ability // SET with IFEQ
	delifeq   ability // DELIFEQ
	scripting ability
	swapping  ability // Swap, of a record beside the key
	leaving   ability // scripts over a record and the sets of a UserIndex

	transactions ability // MULTI

	gone atomic.Int32 // how many records beside a key were gone, one after the other
}

// ability is what is known about something that a server may have.
type ability struct{ state atomic.Int32 }

const (
	untried = iota
	present
	missing
)

func (a *ability) is(state int32) bool { return a.state.Load() == state }

func (a *ability) set(has bool) {
	state := int32(missing)
	if has {
		state = present
	}
	if !a.is(state) {
		a.state.Store(state)
	}
}

// Init says what sends the commands, and what the settings choose.
func (g *Guarded) Init(client Commander, choice connect.GuardedSave) {
	g.client, g.choice = client, choice
}

// change makes a change to a record of which old is all, or nil when only its
// guard is known. op is what errors call it.
func (g *Guarded) change(ctx context.Context, op, key string, old []byte, script, native func() error) error {
	if g.choice == connect.GuardedSaveNative {
		return g.onlyNative(ctx, op, key, native)
	}
	if g.choice == connect.GuardedSaveAuto && (g.scripting.is(missing) || old != nil && len(old) <= largestNative) {
		// An error of the trial means that the server cannot be asked, which the
		// script will find too.
		if has, err := g.hasIFEQ(ctx, key); err == nil && has {
			err := native()
			if !g.refused(err) {
				return g.fault(op, err)
			}
			g.ifeq.set(false) // another server is behind the address now
		}
	}
	err := script()
	if g.choice == connect.GuardedSaveScript || !g.refused(err) {
		return g.fault(op, err)
	}
	// What is known may be of another server, which was behind the address before.
	if has, trialErr := g.tryIFEQ(ctx, key); trialErr != nil || !has {
		return g.fault(op, err)
	}
	g.scripting.set(false)
	return g.fault(op, native())
}

// ErrNoIFEQ is returned where the settings want no scripts and the server has
// nothing else.
var ErrNoIFEQ = errors.New("the server has no SET IFEQ, which Valkey has from 8.1 and Redis from 8.4 on; set guarded_save to auto or script")

func (g *Guarded) onlyNative(ctx context.Context, op, key string, native func() error) error {
	if g.ifeq.is(present) {
		if err := native(); !g.refused(err) {
			return g.fault(op, err)
		}
	}
	// A server that had no IFEQ, or had it, may have been replaced.
	has, err := g.tryIFEQ(ctx, key)
	if err == nil && !has {
		err = ErrNoIFEQ
	}
	if err == nil {
		err = native()
	}
	return g.fault(op, err)
}

// refused reports whether another way to make the change is worth a try.
func (g *Guarded) refused(err error) bool {
	if err == nil {
		return false
	}
	if f, ok := err.(*Fault); ok { //nolint:errorlint // only what the store's own script function returned
		return f.lacks
	}
	text, ok := g.client.Refusal(err)
	return ok && Lacks(text)
}

// fault leaves the answers of a guarded change as they are.
func (g *Guarded) fault(op string, err error) error {
	if err == nil || errors.Is(err, session.ErrNotFound) || err == errors.ErrUnsupported { //nolint:errorlint // this package's own
		return err
	}
	switch err.(type) { //nolint:errorlint // what wraps one of these is the client's
	case *session.ConflictError, *Fault:
		return err
	}
	return g.client.Fault(op, err)
}

// hasIFEQ reports whether the server compares, and tries it the first time.
func (g *Guarded) hasIFEQ(ctx context.Context, key string) (bool, error) {
	if g.ifeq.is(untried) {
		return g.tryIFEQ(ctx, key)
	}
	return g.ifeq.is(present), nil
}

// tryIFEQ finds out whether the server compares. It does so at a key that does
// not exist, beside the one given: a server that ignored the argument would
// overwrite a record there, and lose what another request has saved.
func (g *Guarded) tryIFEQ(ctx context.Context, key string) (bool, error) {
	name := key + ":trial:" + rand.Text()
	reply, _, err := g.client.Command(ctx, Ever, "set", name, "", "ifeq", "x", "px", "1000")
	if err != nil && !g.refused(err) {
		return false, err
	}
	has := err == nil && reply == nil
	g.ifeq.set(has)
	return has, nil
}
