package factory

import (
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/pyramidgo/redissessions/connect"
	"github.com/pyramidgo/redissessions/connect/goredis"
	"github.com/pyramidgo/redissessions/connect/redigo"
	"github.com/pyramidgo/redissessions/encode"
	"github.com/pyramidgo/redissessions/encode/pickle"
	"github.com/pyramidgo/redissessions/session"
)

// Registry holds what settings can name: connectors, codecs, hooks, signers and
// clients. A value that an application makes and fills at start-up; there is no
// global one. It is safe for concurrent use.
//
// Its methods panic when a name is empty or taken already, by a built-in too, or
// when what is registered is nil: such a mistake is the programmer's. A name in
// the settings that is not registered is the operator's, and an error.
type Registry struct {
	mu         sync.Mutex
	connectors names[connector]
	encoders   names[encode.Encoder]
	decoders   names[encode.Decoder]
	ids        names[func() (string, error)]
	signers    names[session.Signer]
	clients    names[any]
	onInvalid  names[func(*http.Request, error)]
	allow      names[func(http.Header) bool]
	observers  names[session.Observer]
}

// connector is one of the two kinds.
type connector struct {
	start   connect.Func
	request connect.RequestFunc
	builtIn bool
}

// NewRegistry returns a registry with the built-ins: the connectors goredis and
// redigo, and the codecs cbor, json, msgpack and pickle. WithConnector adds the
// embedded one.
func NewRegistry() *Registry {
	r := &Registry{}
	for name, open := range map[string]connect.Func{
		"goredis": goredis.Connect, "redigo": redigo.Connect,
	} {
		register(r, &r.connectors, "connector", name, connector{start: open, builtIn: true}, false)
	}
	for name, codec := range map[string]encode.Codec{
		"cbor": encode.CBOR, "json": encode.JSON, "msgpack": encode.MsgPack, "pickle": pickle.Codec,
	} {
		r.Encode(name, codec.Encode)
		r.Decode(name, codec.Decode)
	}
	return r
}

// Connect registers a connector that opens a store once, at start-up, for
// redis.sessions.custom_connect.
func (r *Registry) Connect(name string, f connect.Func) {
	register(r, &r.connectors, "connector", name, connector{start: f}, f == nil)
}

// ConnectRequest registers a connector that is asked for the store of every
// request that uses its session, for redis.sessions.custom_connect.
func (r *Registry) ConnectRequest(name string, f connect.RequestFunc) {
	register(r, &r.connectors, "connector", name, connector{request: f}, f == nil)
}

// Encode registers an encoder for redis.sessions.encode. Python's names of the
// built-in codecs, such as json.dumps, are built-in names too.
func (r *Registry) Encode(name string, f encode.Encoder) {
	register(r, &r.encoders, "encoder", encode.EncoderName(name), f, f == nil)
}

// Decode registers a decoder for redis.sessions.decode. The name stands in the records
// of the native format, so that a program whose settings name another codec reads them
// as long as this one is registered there too.
func (r *Registry) Decode(name string, f encode.Decoder) {
	register(r, &r.decoders, "decoder", encode.DecoderName(name), f, f == nil)
}

// allDecoders returns the decoders by their names.
func (r *Registry) allDecoders() map[string]encode.Decoder {
	r.mu.Lock()
	defer r.mu.Unlock()
	return maps.Clone(map[string]encode.Decoder(r.decoders))
}

// IDGenerator registers a maker of session IDs for redis.sessions.id_generator.
// IDs must be unguessable: at least 128 random bits each (OWASP).
func (r *Registry) IDGenerator(name string, f func() (string, error)) {
	register(r, &r.ids, "ID generator", name, f, f == nil)
}

// Signer registers a signer for redis.sessions.cookie_signer, which takes the
// place of the secret.
func (r *Registry) Signer(name string, s session.Signer) {
	register(r, &r.signers, "signer", name, s, s == nil)
}

// Client registers a client that several factories may share, for
// redis.sessions.connection_pool: a redis.UniversalClient of go-redis, or a
// *redis.Pool of redigo. Closing a factory does not close it.
func (r *Registry) Client(name string, client any) {
	v := reflect.ValueOf(client)
	register(r, &r.clients, "client", name, client, client == nil || v.Kind() == reflect.Pointer && v.IsNil())
}

// OnInvalid registers a hook for redis.sessions.func_invalid_logger. It is
// called for every cookie and record that was not accepted.
func (r *Registry) OnInvalid(name string, f func(*http.Request, error)) {
	register(r, &r.onInvalid, "function", name, f, f == nil)
}

// AllowCookie registers a hook for
// redis.sessions.func_check_response_allow_cookies. It looks at a response's
// header and decides whether it may carry the session's cookie.
func (r *Registry) AllowCookie(name string, f func(http.Header) bool) {
	register(r, &r.allow, "function", name, f, f == nil)
}

// Observer registers an observer for redis.sessions.observer, which receives the events of
// all sessions: sessionotel's, session.LogTo's, one of the application's.
func (r *Registry) Observer(name string, o session.Observer) {
	register(r, &r.observers, "observer", name, o, o == nil)
}

// names is what is registered of one kind.
type names[T any] map[string]T

func register[T any](r *Registry, in *names[T], kind, name string, v T, isNil bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch _, taken := (*in)[name]; {
	case name == "":
		panic("factory: the " + kind + " has no name")
	case isNil:
		panic(fmt.Sprintf("factory: the %s %q is nil", kind, name))
	case taken:
		panic(fmt.Sprintf("factory: the %s %q is registered already", kind, name))
	}
	if *in == nil {
		*in = names[T]{}
	}
	(*in)[name] = v
}

// find returns what a key of the settings names. The error is to follow the key.
func find[T any](r *Registry, in *names[T], kind, key, name string) (v T, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	v, ok := (*in)[name]
	if !ok {
		registered := "none"
		if len(*in) > 0 {
			registered = strings.Join(slices.Sorted(maps.Keys(*in)), ", ")
		}
		if namesPython(name) {
			return v, pythonName(key, kind, name, registered)
		}
		return v, fmt.Errorf("no %s named %s; registered: %s", kind, shownName(name), registered)
	}
	return v, nil
}

// plausible matches what somebody may have meant as a name of code.
var plausible = regexp.MustCompile(`^[\pL\pN_.:-]{1,80}$`)

// shownName quotes a name for an error, unless it looks like something else: a URL put
// there by mistake may hold a password.
func shownName(name string) string {
	if !plausible.MatchString(name) {
		return "that (the value is no name, and is not shown)"
	}
	return strconv.Quote(name)
}
