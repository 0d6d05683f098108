package dialect

import (
	"bytes"
	"errors"

	"github.com/pyramidgo/redissessions/session"
)

// ErrUnknownOutcome is what a Replace comes to when the answer of a try was lost
// and nothing that is stored can tell whether the try was carried out. A conflict
// would make the caller apply its changes a second time if it was; a success would
// lose them if it was not.
var ErrUnknownOutcome = errors.New("the connection broke before the answer came: it is not known whether the change was made")

// Repeatable reports whether a Replace may be sent again after its answer was
// lost. With a revision it may: no later state of the record begins with the
// revision that the first try replaced. A guard that is all of the record may
// match again, when another request has undone an equal change meanwhile: the
// second try would then make the change twice.
func Repeatable(guard []byte) bool { return session.NamesRevision(guard) }

// Repeat returns what a Replace came to that was sent again after its answer was
// lost, from what the last try came to. A conflict with the very record that was
// to be written is a success: its revision is this writer's own, so the first try
// was carried out. After any other conflict nothing is known: the first try may
// have been carried out before the record changed once more.
func Repeat(err error, record []byte) error {
	conflict, ok := errors.AsType[*session.ConflictError](err)
	switch {
	case !ok:
		return err
	case bytes.Equal(conflict.Current, record):
		return nil
	default:
		return ErrUnknownOutcome
	}
}
