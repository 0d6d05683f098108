package session

import (
	"context"
	"encoding/hex"
	"net/http"
	"time"

	"github.com/pyramidgo/redissessions/session/internal/record"
	"github.com/pyramidgo/redissessions/session/internal/respwriter"
	"github.com/pyramidgo/redissessions/session/internal/userset"
)

// The tests of this package are outside it, in session_test. What they need of its
// inside has a name here, which only tests can use.

const (
	CSRFKey    = csrfKey
	MarkerTTL  = markerTTL
	MaxCookies = maxCookies
	RetryAfter = retryAfter
)

var (
	AnswerError      = answerError
	ErrCookieRefused = errCookieRefused
	ErrOutdated      = errOutdated
	Informational    = respwriter.Informational
)

// The writers that are made for the ones of net/http's servers.
type (
	HTTP1Writer = respwriter.HTTP1Writer
	HTTP2Writer = respwriter.HTTP2Writer
)

func FormatOf(f *Factory) record.Format { return f.format }
func OptionsOf(f *Factory) *Options     { return &f.opts }
func SignerOf(f *Factory) Signer        { return f.signer }
func StoreOf(f *Factory) Store          { return f.store }

// SetClock makes the factory ask now for the time.
func SetClock(f *Factory, now func() time.Time) { f.now = now }

// NewToken returns a CSRF token.
func NewToken(f *Factory) (string, error) { return f.newToken() }

// LogFailure logs why a request failed.
func LogFailure(f *Factory, r *http.Request, msg string, err error) { f.logFailure(r, msg, err) }

// LastCookieFirst returns whether the last of several cookies of one name is tried
// first.
func LastCookieFirst(f *Factory) bool { return f.rules.lastCookie }

// VerifiedID returns the ID that a cookie's value signs.
func VerifiedID(f *Factory, value string) (string, error) {
	v, err := f.verify(value)
	return v.id, err
}

// FirstCandidate returns the ID of the first cookie of r that verifies, or "".
func FirstCandidate(f *Factory, r *http.Request) string {
	cookies := f.candidates(r, r, r.Header["Cookie"])
	v, _ := cookies.next()
	return v.id
}

// NewSigner returns the signer that a format has for a cookie and its secrets.
func NewSigner(f Format, cookieName, secret string, previous []string) Signer {
	return f.rules().newSigner(cookieName, secret, previous)
}

// NewStoreFailure returns the error of a store's command.
func NewStoreFailure(op string, err error) error { return &storeFailure{op, err} }

func FactoryOf(s *Session) *Factory { return s.f }

// BaseOf returns the data that was loaded.
func BaseOf(s *Session) any { return s.data.Base() }

// KeyOf returns the key of the session's record.
func KeyOf(s *Session) string { return s.at.Key }

// AskAgain makes a session forget that its record is gone.
func AskAgain(s *Session) { s.state, s.why = isStored, nil }

// CountEntries returns how many entries the index of a user has.
func CountEntries(f *Factory, user string) int { return len(entriesOf(f, user)) }

// FirstHandle returns the handle of the first entry of a user.
func FirstHandle(f *Factory, user string) string {
	e := entriesOf(f, user)[0]
	_, login, _ := f.format.OfMember(e.Member)
	return userset.Handle(f.userHash(user), e.Member, login)
}

func entriesOf(f *Factory, user string) []IndexEntry {
	p, err := f.place(f.store)
	if err != nil {
		panic(err)
	}
	state, err := p.index.IndexList(context.Background(), f.setKey(f.userHash(user)))
	if err != nil {
		panic(err)
	}
	return state.Entries
}

// SetKeyOf, UserHashOf and NewIDOf are what tests fill an index with.
func SetKeyOf(f *Factory, user string) string            { return f.setKey(f.userHash(user)) }
func UserHashOf(f *Factory, user string) record.UserHash { return f.userHash(user) }
func NewIDOf(f *Factory) (string, error)                 { id, _, _, err := f.newIdentity(); return id, err }

// AddressOf returns the address of the record at a key.
func AddressOf(f *Factory, key string) record.Address {
	if f.opts.Format != FormatNative {
		return f.format.Address(key)
	}
	hash, err := hex.DecodeString(key[len(f.opts.Prefix):])
	if err != nil {
		panic(err)
	}
	at, _, _ := f.format.OfMember(append(hash, make([]byte, 8)...))
	return at
}

// EntriesOf returns the entries of a user's set.
func EntriesOf(f *Factory, user string) []IndexEntry { return entriesOf(f, user) }

// KeyOfCookie returns the key of the session that a cookie names.
func KeyOfCookie(f *Factory, value string) (string, error) {
	v, err := f.verify(value)
	return f.format.Address(v.id).Key, err
}
