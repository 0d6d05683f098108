package factory

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/gomodule/redigo/redis"

	"github.com/pyramidgo/redissessions/connect"
	"github.com/pyramidgo/redissessions/encode"
	"github.com/pyramidgo/redissessions/session"
	"github.com/pyramidgo/redissessions/settings"
)

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
	so, connector, co, err := c.resolve(src, o)
	if err := errors.Join(parseErr, err); err != nil {
		return nil, err
	}
	for _, warning := range o.Warnings {
		c.logger.Warn("redis.sessions: " + warning)
	}
	var store session.Store
	if connector.request != nil {
		so.StoreFor = func(r *http.Request) (session.Store, error) { return connector.request(r, co) }
	} else if store, err = open(connector.start, co); err != nil {
		return nil, err
	}
	f, err := session.NewFactory(store, so)
	if err != nil {
		if store != nil {
			err = errors.Join(err, store.Close())
		}
		return nil, fmt.Errorf("factory: %w", err)
	}
	return f, nil
}

// open opens the store with a deadline for all that the connector does.
func open(start connect.Func, co connect.Options) (session.Store, error) {
	dial, socket := co.DialTimeout, co.SocketTimeout
	ctx, cancel := context.WithTimeout(context.Background(), max(dial, time.Second)+max(socket, time.Second))
	defer cancel()
	store, err := start(ctx, co)
	if err != nil {
		return nil, fmt.Errorf("factory: connect: %w", err)
	}
	if store == nil {
		return nil, errors.New("factory: redis.sessions.custom_connect: the connector returned no store")
	}
	return store, nil
}

// resolve looks up the names in the settings, and checks the URL where it is
// one of ours to understand. The errors of all of them are joined.
func (c *config) resolve(src settings.Source, o *settings.Options) (*session.Options, connector, connect.Options, error) {
	so, co := sessionOptions(o), connectOptions(o)
	so.Logger, so.ErrorHandler, co.Logger = c.logger, c.errorHandler, c.logger
	r := c.registry
	l := &lookups{src: src, registry: r}
	lookUp(l, &r.encoders, "function", "encode", encode.EncoderName(o.Encode), &so.Codec.Encode)
	lookUp(l, &r.decoders, "function", "decode", encode.DecoderName(o.Decode), &so.Codec.Decode)
	lookUp(l, &r.ids, "function", "id_generator", o.IDGenerator, &so.NewID)
	lookUp(l, &r.signers, "signer", "cookie_signer", o.CookieSigner, &so.Signer)
	lookUp(l, &r.onInvalid, "function", "func_invalid_logger", o.FuncInvalidLogger, &so.OnInvalid)
	lookUp(l, &r.allow, "function", "func_check_response_allow_cookies", o.FuncCheckResponseAllowCookies, &so.AllowCookie)
	lookUp(l, &r.clients, "client", "connection_pool", o.ConnectionPool, &co.Client)
	var con connector
	lookUp(l, &r.connectors, "connector", "custom_connect", connectorName(o, co), &con)
	if con.builtIn && co.URL != "" {
		if _, err := connect.ParseURL(co.URL); err != nil {
			l.fail("url", errors.Unwrap(err)) // the key says what "connect: url" does
		}
	}
	return so, con, co, errors.Join(l.errs...)
}

// lookups collects what is wrong with the values that only the factory can judge.
type lookups struct {
	src      settings.Source
	registry *Registry
	errs     []error
}

func (l *lookups) fail(name string, err error) {
	l.errs = append(l.errs, fmt.Errorf("factory: %s: %w", settings.KeyOf(l.src, name), err))
}

func lookUp[T any](l *lookups, in *names[T], kind, key, name string, into *T) {
	if name == "" {
		return
	}
	v, err := find(l.registry, in, kind, key, name)
	if err != nil {
		l.fail(key, err)
		return
	}
	*into = v
}

// defaultConnector is what the settings mean when they name none.
const defaultConnector = "goredis"

// connectorName is the connector that the settings name, or when they name
// none, the one that their URL or their registered client is for.
func connectorName(o *settings.Options, co connect.Options) string {
	if o.CustomConnect != "" && o.CustomConnect != defaultConnector {
		return o.CustomConnect
	}
	if _, isPool := co.Client.(*redis.Pool); isPool {
		return "redigo"
	}
	if strings.HasPrefix(strings.ToLower(co.URL), "embedded:") {
		return "embedded"
	}
	return defaultConnector
}
