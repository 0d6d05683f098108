package session

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/pyramidgo/redissessions/encode"
)

// Defaults of Options and CookieOptions.
const (
	DefaultIdleTimeout    = 20 * time.Minute
	DefaultPrefix         = "session:"
	DefaultCookieName     = "session"
	DefaultMaxRecordBytes = 1 << 20
	DefaultSaveTimeout    = 10 * time.Second
)

// Never is the Options.IdleTimeout of sessions that do not time out.
const Never time.Duration = -1

// Options says how a Factory makes, stores and signs sessions. The zero value
// of every field but Secret is a safe default. It prints without its secrets.
type Options struct {
	// Secret signs the cookie. It is required unless Signer is set.
	Secret string
	// PreviousSecrets are older secrets whose cookies are still accepted; the
	// visitor then gets a cookie signed with Secret.
	PreviousSecrets Secrets
	// Signer replaces the built-in signature of the cookie. One that is a
	// RotatingSigner also says which cookies to sign anew.
	Signer Signer

	// IdleTimeout is how long a session may go unused. The default is 20
	// minutes. Never, or any negative value, means that it does not time out.
	IdleTimeout time.Duration
	// AbsoluteTimeout is how long a session may live since its last Login, or else
	// since its creation, however much it is used. The default, 0, is no such limit.
	AbsoluteTimeout time.Duration
	// TouchAfter restarts the idle timeout only when this long has passed
	// since the last restart. The default, 0, restarts it at every load, except where
	// that takes a command of its own: for a session whose timeout is not IdleTimeout
	// (Session.Remember, Session.AdjustTimeout), and with ExpiryInRecord. There it is
	// restarted when a tenth of the timeout, and at most an hour, has passed. A
	// millisecond restarts it at every load there too, by a second command for each.
	TouchAfter time.Duration
	// ExpiryInRecord writes no time to live to Redis (for a server that evicts
	// by LRU) and keeps the time of expiry in the record instead. A request that only
	// reads then writes the record when TouchAfter says so.
	ExpiryInRecord bool
	// Passive, when set, tells requests that a page makes by itself (polling) from
	// those of its visitor. A request for which it returns true reads its session
	// without restarting the idle timeout, and what it saves leaves the end of the
	// session where it was, unless it renews the session or changes its timeout.
	Passive func(*http.Request) bool
	// ValidSince ends every session that began before it, at its next request:
	// everybody has to log in again, and Secret stays. The default, the zero time,
	// ends none.
	ValidSince time.Time

	// Users keeps sessions by user, so that a user's sessions can be listed and ended:
	// see Session.Login. The default, nil, keeps none.
	Users *UserOptions

	// DeviceBound binds the sessions of Login to the browser that has logged in, where it can
	// do that: a copy of its cookies opens nothing on another machine. The default, nil,
	// binds none. It needs the native format. dbsc.Options is one. Experimental.
	DeviceBound Binder

	// Cookie describes the session's cookie.
	Cookie CookieOptions
	// ClearSiteData are the kinds of data, ClearCache and ClearStorage, that the
	// browser is told to delete by the response that ends a session
	// (Clear-Site-Data, OWASP ASVS 14.3.1). The default is none.
	ClearSiteData []ClearData

	// Format says whose sessions these are. The default is FormatNative; the
	// others share sessions with a Pyramid application, down to the byte.
	Format Format
	// PythonExpires writes the time of expiry into the record, as
	// pyramid_session_redis does unless its python_expires is off: set it as
	// the Python application has it. A request that only reads then writes the
	// record too. It exists in FormatPyramidSessionRedis only.
	PythonExpires bool
	// Prefix is the front of every Redis key. The default is "session:". In the
	// Pyramid formats, whose keys are the IDs themselves, it is the front of
	// every new ID, and by default there is none.
	Prefix string
	// Codec, when set, encodes the whole of a session's data. By default each
	// key is encoded by itself, and only when it has changed; in the Pyramid
	// formats the default is pickle.
	Codec encode.Codec
	// CodecName is the name of Codec, up to 255 bytes, which each native record holds:
	// factories that write by another codec read the record by the one of that name.
	// The default is the name of a built-in codec (cbor, json, msgpack, pickle), and
	// for another none: its records are read by factories with the same Codec only.
	CodecName string
	// Decoders read native records that another codec wrote, by its name, beside the
	// built-in ones. Such a record is written anew, by Codec, when it is next used.
	Decoders map[string]encode.Decoder
	// EncryptionKeys, 32 bytes each, encrypt the stored data with AES-256-GCM.
	// The first encrypts, all of them decrypt.
	EncryptionKeys Keys
	// EncryptionKeysPrevious, 32 bytes each, only decrypt. Without EncryptionKeys
	// records are written plain: so every server can know a key before the first one
	// encrypts with it. The default is none.
	EncryptionKeysPrevious Keys
	// AcceptPlain reads records that are not encrypted although there are
	// EncryptionKeys, while the first of them is brought in. Whoever can write to
	// Redis can then write sessions. The default is false.
	AcceptPlain bool
	// MaxRecordBytes is the size up to which a record is written. The default
	// is 1 MiB.
	MaxRecordBytes int
	// NewID makes a session ID. The default is at least 256 bits of crypto/rand.
	NewID func() (string, error)

	// IgnoreDeepChanges saves a change made inside a stored map or slice only
	// after a call of Session.Changed. By default such changes are found.
	IgnoreDeepChanges bool
	// FailOnUndecodable makes Get return an error for a record that cannot be
	// decoded. By default the visitor gets a new session.
	FailOnUndecodable bool
	// InvalidateEmpty removes a session, and its cookie, when a request has
	// taken the last key out of it. The default is false in every format;
	// pyramid_session_redis does so unless its invalidate_empty_session is off: set
	// it as the Python application has it.
	InvalidateEmpty bool
	// AnonymousWhenDown makes Get return an empty session when the store does
	// not answer. A request that changes that session fails.
	AnonymousWhenDown bool

	// SaveTimeout bounds a save, all tries together. The default is 10
	// seconds. A save does not end with the request's context.
	SaveTimeout time.Duration

	// StoreFor, when set, is asked for the store of every request that uses
	// its session. The store belongs to the application, which closes it. It
	// must not ask for the session itself.
	StoreFor func(*http.Request) (Store, error)
	// ErrorHandler answers a request whose session could not be loaded or
	// saved, or for which an Invalidate, Login, Renew or CSRFToken failed. The default
	// answers without details: 503 when the store was not available
	// (ErrUnavailable, with Retry-After) or there were too many changes at once
	// (ErrConflict), 409 with a text that asks to reload when the session has
	// ended meanwhile (ErrGone, ErrEnded), 403 to a request that would change a session that
	// is bound to another browser (ErrUnbound), and 500 otherwise.
	ErrorHandler func(http.ResponseWriter, *http.Request, error)
	// OnInvalid is called with the reason for each cookie or record that is not
	// accepted, while the session is being loaded. It must not ask for the session.
	OnInvalid func(*http.Request, error)
	// Observer receives an Event for every load, save, login and end of a session, and for
	// each failure. The default, nil, costs nothing.
	Observer Observer
	// AllowCookie, when set, looks at a response's header and decides whether
	// it may carry the session's cookie. A new session is not saved on a
	// response that may not. It is asked when the header is sent. CSRFToken and
	// Renew come before that, from any goroutine: they are refused when the
	// header was so before the application's handler ran. When the handler
	// itself has made it so after a Renew, its page is not sent, and the error
	// handler answers: without the cookie the renewed session would be lost.
	AllowCookie func(http.Header) bool
	// Logger receives errors and warnings that no caller gets as a return value.
	// The default is slog.Default(). No session ID and no secret is ever logged.
	Logger *slog.Logger
}

// UserOptions says how sessions are kept by user (Options.Users). The zero value lists and
// ends them, without a cap. The store must be a UserIndex.
type UserOptions struct {
	// Max is how many sessions a user may have at once. The default, 0, is any number.
	// On a Cluster, and with a store that is no EntryStore, a login then takes one round
	// trip more, because the new session must be stored before the others are counted.
	Max int
	// WhenFull says what a login beyond Max does: EndOldest, the default, or Refuse.
	WhenFull WhenFull
	// Describe returns what Info.About says of a session, at its login: the browser's
	// name, say. What it returns is stored with the session: the default, nil, stores
	// nothing. Bytes that are not UTF-8 become U+FFFD. It must not ask for the session.
	Describe func(*http.Request) string
	// Lease is for how much longer than its idle timeout a session's entry in the index
	// counts; it is renewed when half of it is over. The default, 0, is an hour or twice
	// the idle timeout, whichever is longer. The clocks of servers must agree to within
	// half of it.
	Lease time.Duration
}

// WhenFull says what a login does when its user has UserOptions.Max sessions already.
type WhenFull int

const (
	// EndOldest ends the user's session whose login is the longest time ago.
	EndOldest WhenFull = iota
	// Refuse makes Session.Login return ErrTooManySessions.
	Refuse
)

func checkUsers(store Store, o *UserOptions) error {
	var errs []error
	wrong := func(format string, args ...any) { errs = append(errs, optionError("Users", format, args...)) }
	if o == nil {
		return nil
	}
	if _, ok := store.(UserIndex); store != nil && !ok {
		wrong("the store keeps no sessions by user: it is no UserIndex")
	}
	if o.Max < 0 {
		wrong("its Max is %d; give the number of sessions that a user may have at once, or 0 for any number", o.Max)
	}
	if o.WhenFull != EndOldest && o.WhenFull != Refuse {
		wrong("its WhenFull is %d; there are EndOldest and Refuse", int(o.WhenFull))
	}
	if o.Lease < 0 {
		wrong("its Lease is %s, which is negative", o.Lease)
	}
	return errors.Join(errs...)
}

// String returns the options without secrets and keys.
func (o Options) String() string {
	return fmt.Sprintf("session.Options{Cookie:%q IdleTimeout:%s Prefix:%q [secrets redacted]}", o.Cookie.Name, o.IdleTimeout, o.Prefix)
}

// GoString is String. Verbs that are not for text (%d) print the fields one by one:
// there Secret is the text that it is.
func (o Options) GoString() string { return o.String() }

// LogValue logs what String returns.
func (o Options) LogValue() slog.Value { return slog.StringValue(o.String()) }

// withDefaults returns a copy of the options with the defaults filled in.
func (o Options) withDefaults() Options {
	if o.IdleTimeout == 0 {
		o.IdleTimeout = DefaultIdleTimeout
	}
	o.IdleTimeout = max(o.IdleTimeout, 0) // from here on 0 is never, as everywhere in Session
	if o.Prefix == "" && o.Format == FormatNative {
		o.Prefix = DefaultPrefix
	}
	if o.MaxRecordBytes <= 0 {
		o.MaxRecordBytes = DefaultMaxRecordBytes
	}
	if o.SaveTimeout <= 0 {
		o.SaveTimeout = DefaultSaveTimeout
	}
	if o.ErrorHandler == nil {
		o.ErrorHandler = answerError
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	o.Cookie = o.Cookie.withDefaults()
	return o
}

const redacted = "[redacted]"

// Secrets are older secrets in Options. They print as [redacted], whatever the verb, in
// log/slog and in JSON. A []string can be assigned to them. fmt calls no method in an
// unexported field: keep Options there behind a pointer, of which it prints the address.
// A Factory holds no secret that could print.
type Secrets []string

// Keys are encryption keys. A [][]byte can be assigned to it.
type Keys [][]byte

var (
	_ fmt.Formatter = Secrets(nil)
	_ fmt.Formatter = Keys(nil)
)

// Format implements fmt.Formatter for every verb and flag.
func (Secrets) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redacted)) }

// LogValue returns [redacted].
func (Secrets) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText returns [redacted].
func (Secrets) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// Format implements fmt.Formatter for every verb and flag.
func (Keys) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redacted)) }

// LogValue returns [redacted].
func (Keys) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText returns [redacted].
func (Keys) MarshalText() ([]byte, error) { return []byte(redacted), nil }
