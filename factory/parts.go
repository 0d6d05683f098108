package factory

import (
	"errors"

	"github.com/pyramidgo/redissessions/connect"
	"github.com/pyramidgo/redissessions/connect/goredis"
	"github.com/pyramidgo/redissessions/session"
	"github.com/pyramidgo/redissessions/settings"
)

// Parts are what FromSettings makes a session factory of. They are for a program that
// looks at the sessions of another one by that one's settings file, as cmd/redissessions
// does. Session and Connect hold secrets.
type Parts struct {
	// Settings are what the file says, Session and Connect what becomes of it.
	Settings *settings.Options
	Session  session.Options
	Connect  connect.Options
	// Unregistered are the names in the settings that the registry does not have, an
	// error for each: codecs, hooks, signers, connectors and clients that the
	// application registers itself. Their fields are empty.
	Unregistered []error

	src       settings.Source
	config    *config
	connector connector
}

// Resolve reads the settings as FromSettings does, and opens nothing. Everything that is
// wrong with them is returned at once; that a name is not registered is not.
func Resolve(src settings.Source, opts ...Option) (*Parts, error) {
	c := newConfig(opts)
	o, parseErr := settings.Parse(src)
	so, con, co, l := c.resolve(src, o)
	if err := errors.Join(parseErr, errors.Join(l.errs...)); err != nil {
		return nil, err
	}
	p := &Parts{Settings: o, Session: *so, Connect: co, Unregistered: l.unregistered, src: src, config: c, connector: con}
	if p.Session.Codec.Encode == nil || p.Session.Codec.Decode == nil {
		p.Session.Codec.Encode, p.Session.Codec.Decode, p.Session.CodecName = nil, nil, ""
	}
	checked := p.Session
	if o.CookieSigner != "" && checked.Signer == nil {
		checked.Signer = unknownSigner{}
	}
	if err := checkOptions(checked); err != nil {
		return nil, optionErrors(src, err)
	}
	if p.connector.start == nil { // unregistered, or one that needs a request
		p.connector = connector{start: goredis.Connect, builtIn: true}
	}
	return p, nil
}

// Open connects as FromSettings does, with the same errors, and returns the store, which
// the caller closes. Where the settings name a connector that is not registered, or one
// that chooses the store by the request, it is that of goredis.
func (p *Parts) Open() (session.Store, error) { return p.config.open(p.src, p.connector, p.Connect) }

// unknownSigner stands for a signer that only the application has.
type unknownSigner struct{}

func (unknownSigner) Sign(string) (string, error) { return "", session.ErrBadCookie }

func (unknownSigner) Verify(string) (string, error) { return "", session.ErrBadCookie }
