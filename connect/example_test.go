package connect_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/pyramidgo/redissessions/connect"
	"github.com/pyramidgo/redissessions/connect/embedded"
	"github.com/pyramidgo/redissessions/session"
)

// shops keeps the sessions of two shops in two Redis servers and picks one by
// the host that the visitor asked for.
type shops struct {
	byHost map[string]session.Store
}

// openShops opens both stores once, when the program starts.
func openShops(ctx context.Context, f connect.Func, urls map[string]string) (*shops, error) {
	s := &shops{byHost: map[string]session.Store{}}
	for host, url := range urls {
		store, err := f(ctx, connect.Options{URL: url})
		if err != nil {
			return nil, errors.Join(err, s.Close())
		}
		s.byHost[host] = store
	}
	return s, nil
}

// Pick is a connect.RequestFunc: it is called for every request that uses its
// session, so it only looks up what is open already.
func (s *shops) Pick(r *http.Request, _ connect.Options) (session.Store, error) {
	store, ok := s.byHost[r.Host]
	if !ok {
		return nil, fmt.Errorf("shops: no Redis for the host %q", r.Host)
	}
	return store, nil
}

// Close closes the stores: who opens them closes them.
func (s *shops) Close() error {
	var errs []error
	for _, store := range s.byHost {
		errs = append(errs, store.Close())
	}
	return errors.Join(errs...)
}

// A connector that is asked for every request picks one of two servers. A real
// program would give goredis.Connect and redis:// URLs, and register s.Pick
// with factory.Registry.ConnectRequest under the name that its settings have
// for custom_connect.
func ExampleRequestFunc() {
	ctx := context.Background()
	s, err := openShops(ctx, embedded.Connect, map[string]string{
		"tea.example":    "embedded://tea",
		"coffee.example": "embedded://coffee",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = s.Close() }()

	var pick connect.RequestFunc = s.Pick
	for _, host := range []string{"tea.example", "coffee.example", "cocoa.example"} {
		r := httptest.NewRequest(http.MethodGet, "http://"+host+"/", nil)
		store, err := pick(r, connect.Options{})
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(host, "creates:", store.Create(ctx, "key", []byte("a record"), time.Hour))
	}
	// Output:
	// tea.example creates: <nil>
	// coffee.example creates: <nil>
	// shops: no Redis for the host "cocoa.example"
}

// A URL takes the place of host, port, database, user and password.
func ExampleParseURL() {
	o, err := connect.ParseURL("redis-sentinel://web:s3cret@10.0.0.1,10.0.0.2:26380/mymaster/2")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(o.Mode, o.Sentinel.Master, o.Sentinel.Addrs, o.DB)
	fmt.Printf("%+v\n", o)
	// Output:
	// sentinel mymaster [10.0.0.1:26379 10.0.0.2:26380] 2
	// redis primary "mymaster" of the sentinels at 10.0.0.1:26379, 10.0.0.2:26380
}

// Options say where Redis is. They print without passwords.
func ExampleOptions() {
	o := connect.Options{
		URL:         "rediss://web:s3cret@redis.example.com:6379/0",
		DialTimeout: 2 * time.Second,
	}
	fmt.Printf("%v\n", o)
	resolved, err := o.Resolve() // for a connector that reads the fields itself
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(resolved.Mode, resolved.Host, resolved.Port, resolved.Username)
	// Output:
	// redis at redis.example.com:6379
	// single redis.example.com 6379 web
}

// A Func opens a store once, at start-up. It may fill in what the settings do not say.
func ExampleFunc() {
	fromTheVault := func(ctx context.Context, o connect.Options) (session.Store, error) {
		o.Password = "fetched from the vault"
		return embedded.Connect(ctx, o) // goredis.Connect, in a real program
	}
	var f connect.Func = fromTheVault // factory.WithConnector("vault", fromTheVault)
	store, err := f(context.Background(), connect.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(store.Close())
	// Output: <nil>
}
