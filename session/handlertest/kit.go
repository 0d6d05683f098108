package handlertest

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/pyramidgo/redissessions/connect"
	"github.com/pyramidgo/redissessions/factory"
	"github.com/pyramidgo/redissessions/session"
	"github.com/pyramidgo/redissessions/settings"
)

// Kit is an application's sessions in one test: a store in memory, a clock, and the
// Factory over both. Kits share nothing, so that tests may run in parallel.
type Kit struct {
	t       testing.TB
	clock   *clock
	store   *store
	factory *session.Factory

	mu        sync.Mutex
	down      bool
	trips     int
	stray     int // of them, those of which no request is known
	visitors  int
	meanwhile map[*Visitor]func()
}

// Option says how New makes the Factory.
type Option func(k *Kit) (*session.Factory, error)

// New returns a kit whose sessions have the default options, or those of an Option, of
// which the last counts. It ends the test when they are wrong.
func New(t testing.TB, opts ...Option) *Kit {
	t.Helper()
	k := &Kit{t: t, clock: newClock(), meanwhile: map[*Visitor]func(){}}
	k.store = newStore(k)
	makeFactory := WithOptions(session.Options{})
	for _, o := range opts {
		makeFactory = o
	}
	var err error
	if k.factory, err = makeFactory(k); err != nil {
		t.Fatalf("handlertest: %v", err)
	}
	return k
}

// WithOptions makes the Factory of the application's own options. A Secret that is not set
// gets a value for tests, and a Logger that is not set writes warnings and errors to the
// test's log.
func WithOptions(o session.Options) Option {
	return func(k *Kit) (*session.Factory, error) {
		if o.Secret == "" && o.Signer == nil {
			o.Secret = "the secret of handlertest, which signs nothing else"
		}
		if o.Logger == nil {
			o.Logger = slog.New(slog.NewTextHandler(k.t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
		}
		return session.NewFactory(k.store, &o)
	}
}

// WithSettings makes the Factory of the application's own settings, as
// factory.FromSettings does. Where Redis is, and by which connector, is read and not used.
func WithSettings(src settings.Source, opts ...factory.Option) Option {
	return func(k *Kit) (*session.Factory, error) {
		connector := factory.WithConnector(connectorName, func(context.Context, connect.Options) (session.Store, error) { return k.store, nil })
		return factory.FromSettings(withConnector{src}, append(opts, connector)...)
	}
}

// WithFactory makes the Factory by the application's own function, which gets the kit's
// store in place of the one over Redis.
func WithFactory(newFactory func(store session.Store) (*session.Factory, error)) Option {
	return func(k *Kit) (*session.Factory, error) { return newFactory(k.store) }
}

const (
	connectorName = "handlertest"
	connectorKey  = "go.redis.sessions.custom_connect"
)

// withConnector is a Source whose connector is the kit's.
type withConnector struct{ settings.Source }

func (s withConnector) AllKeys() []string { return append(s.Source.AllKeys(), connectorKey) }

func (s withConnector) Get(key string) any {
	if key == connectorKey {
		return connectorName
	}
	return s.Source.Get(key)
}

// Factory returns the Factory that the application's handlers get.
func (k *Kit) Factory() *session.Factory { return k.factory }

// Handler wraps a handler by the Factory's Handler. Visitors do so with every handler that
// they are given; it does no harm twice.
func (k *Kit) Handler(next http.Handler) http.Handler { return k.factory.Handler(next) }

// Advance lets time pass at once: the times in the records, the times to live in the store
// and the life of the visitors' cookies advance together. It works in and outside a
// testing/synctest bubble. The application's own time.Now does not advance.
func (k *Kit) Advance(d time.Duration) { k.clock.advance(d) }

// Down makes the store fail, as a Redis that does not answer: the error of a load or save
// wraps session.ErrUnavailable. What the kit's own methods read and write works.
func (k *Kit) Down() { k.setDown(true) }

// Up ends Down.
func (k *Kit) Up() { k.setDown(false) }

func (k *Kit) setDown(down bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.down = down
}

// RoundTrips returns how many round trips to Redis the application's requests would have
// made since New. The kit's own methods are not counted. To count those of one
// request, take the difference.
func (k *Kit) RoundTrips() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.trips
}

func (k *Kit) strays() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.stray
}

// Meanwhile lets f run in the middle of the visitor's next request: when the request has
// loaded the session and its handler has not seen it yet. A new session is not loaded;
// f then runs before the save. f stands for what another tab does: it may use the same visitor. The
// test fails when that request neither loads nor saves a session, or does not come.
func (k *Kit) Meanwhile(ada *Visitor, f func()) {
	k.t.Helper()
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.meanwhile[ada] != nil {
		k.t.Errorf("handlertest: Meanwhile: twice for the same request of %s: do both in one function", ada.name)
	}
	k.meanwhile[ada] = f
	k.t.Cleanup(func() {
		if k.takeMeanwhile(ada) != nil {
			k.t.Errorf("handlertest: Meanwhile: %s has made no request since, and the function was not called", ada.name)
		}
	})
}

// takeMeanwhile returns what is to run in the middle of the visitor's next request.
func (k *Kit) takeMeanwhile(ada *Visitor) func() {
	k.mu.Lock()
	defer k.mu.Unlock()
	f := k.meanwhile[ada]
	delete(k.meanwhile, ada)
	return f
}

// call is the request that an operation belongs to, as the store gets it by the context.
type call struct {
	arranging bool // the kit's own
	task      *task

	mu        sync.Mutex
	meanwhile func()
}

type callKey struct{}

func callOf(ctx context.Context) *call {
	c, _ := ctx.Value(callKey{}).(*call)
	return c
}

// arranging reports whether an operation is the kit's own.
func arranging(ctx context.Context) bool {
	c := callOf(ctx)
	return c != nil && c.arranging
}

// taskOf returns the task of an interleaving that an operation belongs to, or nil.
func taskOf(ctx context.Context) *task {
	if c := callOf(ctx); c != nil {
		return c.task
	}
	return nil
}

// interrupt runs what Meanwhile was given, once.
func (c *call) interrupt() {
	if c == nil {
		return
	}
	c.mu.Lock()
	f := c.meanwhile
	c.meanwhile = nil
	c.mu.Unlock()
	if f != nil {
		f()
	}
}

// operation carries out an operation of the store.
func (k *Kit) operation(ctx context.Context, op, key string, operation func() error) error {
	c := callOf(ctx)
	if c != nil && c.arranging {
		return operation()
	}
	if op != opLoad && op != opPing {
		c.interrupt()
	}
	var done func(error)
	if t := taskOf(ctx); t != nil {
		done = t.await(op, key)
	}
	k.mu.Lock()
	k.trips++
	if c == nil {
		k.stray++
	}
	down := k.down
	k.mu.Unlock()
	var err error
	if down {
		err = fmt.Errorf("%w: %w", session.ErrUnavailable, errDown)
	} else {
		err = operation()
	}
	if done != nil {
		done(err)
	}
	if op == opLoad {
		c.interrupt()
	}
	return err
}
