package factory

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/pyramidgo/redissessions/connect"
	"github.com/pyramidgo/redissessions/encode"
	"github.com/pyramidgo/redissessions/session"
	"github.com/pyramidgo/redissessions/settings"
)

// FromFile returns a session factory made from the redis.sessions.* keys of a settings file
// and of the environment: it is settings.Load(path), then FromSettings. A program that
// reads other settings from the same file, or gives an EnvPrefix, calls these two.
func FromFile(path string, opts ...Option) (*session.Factory, error) {
	src, err := settings.Load(path)
	if err != nil {
		return nil, err
	}
	return FromSettings(src, opts...)
}

// FromSettings returns a session factory made from the redis.sessions.* keys of
// src: a *viper.Viper that settings.Load returned, or a settings.Map. It opens
// the connection to Redis, and pings it once unless redis.sessions.lazy_connect
// is true. Close the factory when the program ends.
//
// Everything that is wrong with the settings is reported at once, one line each
// (errors.Join).
func FromSettings(src settings.Source, opts ...Option) (*session.Factory, error) {
	c := newConfig(opts)
	o, parseErr := settings.Parse(src)
	so, connector, co, l := c.resolve(src, o)
	if err := errors.Join(parseErr, errors.Join(l.unregistered...), errors.Join(l.errs...)); err != nil {
		return nil, err
	}
	if err := checkOptions(*so); err != nil {
		return nil, optionErrors(src, err)
	}
	for _, warning := range o.Warnings {
		c.logger.Warn("redis.sessions: " + warning)
	}
	var store session.Store
	var err error
	if connector.request != nil {
		so.StoreFor = func(r *http.Request) (session.Store, error) { return connector.request(r, co) }
	} else if store, err = c.open(src, connector, co); err != nil {
		return nil, err
	}
	if _, inside := store.(inThisProcess); inside && !o.Debug {
		c.logger.Warn("redis.sessions: the sessions are kept in this process only: they end with it, and no other process has them; name a Redis server, or set debug = true where that is meant")
	}
	f, err := session.NewFactory(store, so)
	if err != nil {
		if store != nil {
			err = errors.Join(err, store.Close())
		}
		return nil, optionErrors(src, err)
	}
	return f, nil
}

// checkOptions returns what session.NewFactory will say, before a connection is opened.
func checkOptions(so session.Options) error {
	so.StoreFor = func(*http.Request) (session.Store, error) { return nil, nil }
	_, err := session.NewFactory(nil, &so)
	return err
}

// inThisProcess is a store whose sessions no other process has, like that of
// connect/embedded, by whatever name it is registered.
type inThisProcess interface{ InThisProcess() }

// open opens the store with a deadline for all that the connector does.
func (c *config) open(src settings.Source, con connector, co connect.Options) (session.Store, error) {
	dial, socket := co.DialTimeout, co.SocketTimeout
	ctx, cancel := context.WithTimeout(context.Background(), max(dial, time.Second)+max(socket, time.Second))
	defer cancel()
	if con.builtIn && co.Client == nil {
		c.logClient()
	}
	began := time.Now()
	store, err := start(ctx, con, co)
	if err != nil {
		canceled := errors.Is(err, context.Canceled)
		err = fmt.Errorf("factory: connect: %w", err)
		if !con.builtIn {
			return nil, err
		}
		if found, ok := diagnose(co, began, err); ok && canceled { // by start, for the same reason
			err = fmt.Errorf("factory: connect: %s: %s", where(src, found.key), found.advice)
		} else if ok {
			err = fmt.Errorf("%w; %s: %s", err, where(src, found.key), found.advice)
		}
		return nil, err
	}
	if store == nil {
		return nil, errors.New("factory: redis.sessions.custom_connect: the connector returned no store")
	}
	return store, nil
}

// where returns the key of a setting and the place where it stands.
func where(src settings.Source, name string) string {
	if at := settings.PlaceOf(src, name); at != "" {
		return settings.KeyOf(src, name) + " (" + at + ")"
	}
	return settings.KeyOf(src, name)
}

// resolve looks up the names in the settings, and checks the URL where the
// connector uses connect.ParseURL. The lookups have the errors of all of them.
func (c *config) resolve(src settings.Source, o *settings.Options) (*session.Options, connector, connect.Options, *lookups) {
	so, co := sessionOptions(o), connectOptions(o)
	so.Logger, so.ErrorHandler, co.Logger = c.logger, c.errorHandler, c.logger
	r := c.registry
	l := &lookups{src: src, registry: r}
	lookUp(l, &r.encoders, "function", "encode", encode.EncoderName(o.Encode), &so.Codec.Encode)
	lookUp(l, &r.decoders, "function", "decode", encode.DecoderName(o.Decode), &so.Codec.Decode)
	// Whoever reads a record needs what decodes it: that gives the codec its name.
	so.CodecName, so.Decoders = encode.DecoderName(o.Decode), r.allDecoders()
	lookUp(l, &r.ids, "function", "id_generator", o.IDGenerator, &so.NewID)
	lookUp(l, &r.signers, "signer", "cookie_signer", o.CookieSigner, &so.Signer)
	lookUp(l, &r.onInvalid, "function", "func_invalid_logger", o.FuncInvalidLogger, &so.OnInvalid)
	lookUp(l, &r.allow, "function", "func_check_response_allow_cookies", o.FuncCheckResponseAllowCookies, &so.AllowCookie)
	so.Observer = c.observer
	for _, name := range o.Observer {
		var named session.Observer
		lookUp(l, &r.observers, "observer", "observer", name, &named)
		so.Observer = session.Observers(so.Observer, named)
	}
	lookUp(l, &r.clients, "client", "connection_pool", o.ConnectionPool, &co.Client)
	con := c.findConnector(l, o, co)
	return so, con, co, l
}

// lookups collects what is wrong with the values that only the factory can judge.
type lookups struct {
	src          settings.Source
	registry     *Registry
	unregistered []error // names that the registry does not have
	errs         []error // everything else
}

func (l *lookups) fail(name string, err error) {
	l.errs = append(l.errs, located(l.src, name, err))
}

// located puts in front of an error the key of the setting that is to blame, and behind it
// the place where it stands.
func located(src settings.Source, name string, err error) error {
	if at := settings.PlaceOf(src, name); at != "" {
		return fmt.Errorf("factory: %s: %w (%s)", settings.KeyOf(src, name), err, at)
	}
	return fmt.Errorf("factory: %s: %w", settings.KeyOf(src, name), err)
}

func lookUp[T any](l *lookups, in *names[T], kind, key, name string, into *T) {
	if name == "" {
		return
	}
	v, err := find(l.registry, in, kind, key, name)
	if err != nil {
		l.unregistered = append(l.unregistered, located(l.src, key, err))
		return
	}
	*into = v
}
