package session

import (
	"errors"
	"fmt"

	"github.com/pyramidgo/redissessions/session/internal/contention"
	"github.com/pyramidgo/redissessions/session/internal/record"
	"github.com/pyramidgo/redissessions/session/internal/sign"
)

var (
	// ErrNotFound is returned by a Store when there is no record at the key:
	// it expired, it was deleted, or it was never there.
	ErrNotFound = errors.New("session: no such record")

	// ErrExists is returned by Store.Create when a record is there already.
	ErrExists = errors.New("session: a record exists already")

	// ErrGone is returned when a session was invalidated, renewed or expired
	// while the request was using it. Nothing of the request's changes is
	// written.
	ErrGone = errors.New("session: the session has ended meanwhile; nothing was saved")

	// ErrEnded is returned when sessions of the user were ended while a login
	// was under way. Nothing of the request's changes is written.
	ErrEnded = errors.New("session: sessions of this user were ended meanwhile; the login was not saved")

	// ErrTooManySessions is returned by Session.Login when the user has
	// UserOptions.Max sessions already and WhenFull is Refuse. It is the application's
	// to answer: nothing was changed.
	ErrTooManySessions = errors.New("session: the user has as many sessions as user_sessions_max allows; end one of them first")

	// ErrNoUserIndex is returned by the methods that list and end a user's sessions when
	// Options.Users is nil, or when the store is no UserIndex.
	ErrNoUserIndex = errors.New("session: sessions are not kept by user; set user_sessions (Options.Users), with a store that is a UserIndex")

	// ErrConflict is returned when other requests kept changing the session until the
	// time for the save (Options.SaveTimeout) was over. Nothing was written.
	ErrConflict = contention.ErrConflict

	// ErrLeaseEnded is returned by Session.Once when its function has taken longer than
	// the lease, and another request has taken over, or when another request has cleared
	// the session. The function's result was not stored.
	ErrLeaseEnded = errors.New("session: once: another request has taken the work over; the result was not stored")

	// ErrHeaderWritten is returned when a change needs a cookie and the
	// response's header has been sent already.
	ErrHeaderWritten = errors.New("session: the response header has been sent; start, renew or invalidate a session before writing to the response")

	// ErrTooLarge is returned when an encoded record exceeds
	// Options.MaxRecordBytes. Nothing was written.
	ErrTooLarge = errors.New("session: the record is too large; keep less in the session or raise max_record_bytes")

	// ErrBadCookie is reported to Options.OnInvalid for a cookie whose signature
	// does not verify or that is malformed.
	ErrBadCookie = sign.ErrBadCookie

	// ErrUndecodable is returned when a stored record cannot be read: it is
	// damaged, was written by another codec or version, or exceeds a limit.
	ErrUndecodable = record.ErrUndecodable

	// ErrCrossedReply is returned when Redis answers with another key's record. The
	// record is discarded.
	ErrCrossedReply = record.ErrCrossedReply

	// ErrRefused is returned when the store answered that it will not do what
	// it was asked, for a reason that does not pass by itself: the server's user
	// may not run a command, the key holds something that is not a record, the
	// password is wrong. A store wraps its own error with it, and then not with
	// ErrUnavailable.
	ErrRefused = errors.New("session: the store refused the command")

	// ErrUnavailable is returned when the store did not answer, or could not
	// serve for the moment. The store's own error is wrapped with it. So is every
	// other error of a store, unless it wraps ErrRefused or context.Canceled.
	ErrUnavailable = errors.New("session: the store is not available")
)

// ConflictError is returned by Store.Replace and Store.Remove when the stored
// record no longer begins with the guard.
type ConflictError struct {
	// Current is what is stored now. The receiver may keep it.
	Current []byte
}

// Error says that there was a conflict. It never holds the record.
func (e *ConflictError) Error() string {
	return "session: the record has changed meanwhile"
}

// OptionError is a mistake in the Options that NewFactory was given. NewFactory returns
// all of them, joined by errors.Join.
type OptionError struct {
	// Field is the field of Options that is to blame: "PythonExpires", "Cookie.Path".
	Field string
	// Err says what is wrong with it. It never holds a secret or a key.
	Err error
}

// Error returns "session: field: what is wrong with it".
func (e *OptionError) Error() string { return "session: " + e.Field + ": " + e.Err.Error() }

// Unwrap returns Err.
func (e *OptionError) Unwrap() error { return e.Err }

func optionError(field, format string, args ...any) error {
	return &OptionError{Field: field, Err: fmt.Errorf(format, args...)}
}
