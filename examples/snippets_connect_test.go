package examples

import (
	"context"
	"net"
	"net/http"
	"testing"

	"github.com/gomodule/redigo/redis"
	goredisclient "github.com/redis/go-redis/v9"

	"github.com/pyramidgo/redissessions/connect"
	"github.com/pyramidgo/redissessions/connect/goredis"
	"github.com/pyramidgo/redissessions/connect/redigo"
	"github.com/pyramidgo/redissessions/factory"
	"github.com/pyramidgo/redissessions/internal/connecttest"
	"github.com/pyramidgo/redissessions/session"
	"github.com/pyramidgo/redissessions/session/sessiontest"
)

// TestSnippetClients is docs/writing-a-connector.md's use of clients that are there already.
func TestSnippetClients(t *testing.T) {
	server := connecttest.RedisServer(t)
	client := goredisclient.NewClient(&goredisclient.Options{Addr: server.Addr()})
	defer client.Close()
	pool := &redis.Pool{DialContext: func(ctx context.Context) (redis.Conn, error) {
		return redis.DialContext(ctx, "tcp", server.Addr())
	}}
	defer pool.Close()
	store := goredis.New(client) // a redis.UniversalClient: one server, Sentinel or Cluster
	another := redigo.New(pool)  // a *redis.Pool
	for _, s := range []session.Store{store, another} {
		if err := s.(session.Pinger).Ping(t.Context()); err != nil {
			t.Error(err)
		}
	}

	registry := factory.NewRegistry()
	registry.Client("main", client)
	inAFolder(t, "redis.sessions.connection_pool = main\n")
	sessions, err := factory.FromFile("production.ini", factory.WithRegistry(registry))
	if err != nil {
		t.Fatal(err)
	}
	closeAfter(t, sessions)
}

const vaultPassword = "from-the-vault"

func passwordFromVault(context.Context) string { return vaultPassword }

func openWithVault(ctx context.Context, o connect.Options) (session.Store, error) {
	o.Password = passwordFromVault(ctx)
	return goredis.Connect(ctx, o)
}

// TestSnippetVault opens a server that has the vault's password.
func TestSnippetVault(t *testing.T) {
	server := connecttest.RedisServerUser(t, "web", vaultPassword)
	host, port, err := net.SplitHostPort(server.Addr())
	if err != nil {
		t.Fatal(err)
	}
	inAFolder(t, "redis.sessions.custom_connect = vault\nredis.sessions.username = web\nredis.sessions.host = "+
		host+"\nredis.sessions.port = "+port+"\n")
	sessions, err := factory.FromFile("production.ini", factory.WithConnector("vault", openWithVault))
	if err != nil {
		t.Fatal(err)
	}
	closeAfter(t, sessions)
}

// shops stands for the example of package connect.
type shops struct{ store session.Store }

func openShops(ctx context.Context, f connect.Func, _ map[string]string) (*shops, error) {
	store, err := f(ctx, connect.Options{LazyConnect: true})
	return &shops{store}, err
}

func (s *shops) Pick(*http.Request, connect.Options) (session.Store, error) { return s.store, nil }

// TestSnippetShops is docs/writing-a-connector.md's registration of a RequestFunc.
func TestSnippetShops(t *testing.T) {
	t.Parallel()
	ctx, registry := t.Context(), factory.NewRegistry()
	s, err := openShops(ctx, goredis.Connect, map[string]string{
		"tea.example":    "redis://10.0.0.1",
		"coffee.example": "redis://10.0.0.2",
	})
	registry.ConnectRequest("shops", s.Pick)
	if err != nil {
		t.Fatal(err)
	}
	_ = s.store.Close()
}

// mystore stands for a package of the reader's.
var mystore = struct {
	New func(addr string) session.Store
}{
	func(addr string) session.Store {
		return goredis.New(goredisclient.NewClient(&goredisclient.Options{Addr: addr}))
	},
}

// TestSnippetSuite is docs/writing-a-connector.md's use of the suite.
func TestSnippetSuite(t *testing.T) {
	addr := connecttest.RedisServer(t).Addr()
	sessiontest.TestStore(t, sessiontest.Harness{
		Open: func(*testing.T) session.Store { return mystore.New(addr) },
	})
}
