package dialect

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pyramidgo/redissessions/session"
)

// Fault is the error of a connector. It says what was tried and where.
type Fault struct {
	what string
	err  error
	// class is session.ErrUnavailable, session.ErrRefused or nil.
	class error
	// lacks is what Lacks says of the refusal.
	lacks bool
}

// Error names the operation, the place, and the client's error.
func (f *Fault) Error() string { return f.what + ": " + f.err.Error() }

// Unwrap returns the client's error and its class: session.ErrUnavailable when
// Redis could not be asked or could not serve for the moment, and
// session.ErrRefused when it answered that it will not.
func (f *Fault) Unwrap() []error {
	if f.class != nil {
		return []error{f.err, f.class}
	}
	return []error{f.err}
}

// Connection returns the error of an operation that Redis did not answer.
// What the caller itself ended is not a sign that Redis is unavailable.
func Connection(op, place string, err error) error {
	f := &Fault{what: op + ": " + place, err: err, class: session.ErrUnavailable}
	if errors.Is(err, context.Canceled) {
		f.class = nil
	}
	return f
}

// Misuse returns the error of an operation that was not tried.
func Misuse(op, place string, err error) error {
	return &Fault{what: op + ": " + place, err: err}
}

// Reply returns the error of an operation that Redis refused with err.
func Reply(op, place string, err error) error {
	f := &Fault{what: op + ": " + place, err: explain(err), class: session.ErrRefused, lacks: Lacks(err.Error())}
	if Passing(err.Error()) {
		f.class = session.ErrUnavailable
	}
	return f
}

// Garbled returns the error of an operation whose reply was not one. The
// client's text may quote the reply, which may be a piece of a record: it is
// not kept.
func Garbled(op, place string) error {
	return &Fault{what: op + ": " + place, err: ErrGarbled, class: session.ErrUnavailable}
}

// ErrGarbled is the error of a reply that is not one to the command it came to.
var ErrGarbled = errors.New("the reply is not one that this command has")

// explain adds what to do about a refusal, and takes out what may quote the
// arguments of the command: a key, or a record.
func explain(err error) error {
	text := err.Error()
	switch {
	case isUnknown(strings.ToLower(text)), strings.Contains(text, "with args beginning with"):
		return errors.New(Sentence("a command that sessions need", text))
	case isNOPERM(strings.ToLower(text)), begins(text, "READONLY "), begins(text, "MOVED "), withoutLua(strings.ToLower(text)):
		return &explained{Sentence("a command that sessions need", text), err}
	case strings.HasPrefix(text, "WRONGTYPE"):
		return fmt.Errorf("%w; is another program using the same prefix?", err)
	case atLogin(text), strings.Contains(text, "DB index"):
		return fmt.Errorf("%w: %s", err, Advice(err))
	case begins(text, "LOADING "): // which says so itself
		return err
	}
	if front, _, _ := strings.Cut(text, " "); states[front] != "" {
		return fmt.Errorf("%w%s", err, states[front])
	}
	return err
}

// atLogin reports whether the server has not let the client in.
func atLogin(text string) bool {
	for _, front := range []string{"NOAUTH ", "WRONGPASS ", "ERR invalid password", "ERR AUTH "} {
		if strings.HasPrefix(text, front) {
			return true
		}
	}
	return false
}

// passing are the fronts of refusals that end by themselves, or when an
// operator acts, and that say nothing about the request.
var passing = []string{
	"LOADING ", "READONLY ", "CLUSTERDOWN ", "MASTERDOWN ", "TRYAGAIN ", "NOREPLICAS ",
	"BUSY ", "OOM ", "MISCONF ", "MOVED ", "ASK ", "ERR max number of clients reached",
}

// Passing reports whether the server refused for a reason that will pass. The
// command was not carried out.
func Passing(text string) bool {
	return slices.ContainsFunc(passing, func(front string) bool { return begins(text, front) })
}

// begins reports whether a refusal has a front. Redis before 7 quotes the error
// of a command inside of its own when the command was called by a script.
func begins(text, front string) bool {
	return strings.HasPrefix(text, front) || strings.Contains(text, ": -"+front)
}

// Demoted reports whether the server that refused is not a primary any more.
// What is known of the server by its name may be another one by now, but a
// connection stays with the one that it was made to.
func Demoted(text string) bool { return begins(text, "READONLY ") }

// PingRefused reports whether a server has answered a PING with a refusal that is about
// writes: the server runs, and answers commands that only read.
func PingRefused(text string) bool { return strings.HasPrefix(text, "MISCONF ") }

// Soon reports whether the reason of a refusal may have passed a moment later,
// so that the same command may be tried again.
func Soon(text string) bool {
	return Passing(text) && !strings.Contains(text, "OOM ") && !strings.Contains(text, "MISCONF ")
}
