package measure

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/pyramidgo/redissessions/bench/internal/record"
	"github.com/pyramidgo/redissessions/bench/internal/redisserver"
	"github.com/pyramidgo/redissessions/bench/internal/wire"
	"github.com/pyramidgo/redissessions/factory"
	"github.com/pyramidgo/redissessions/session"
	"github.com/pyramidgo/redissessions/settings"
)

// Users says how sessions by user are measured: what the index of many users takes in
// Redis, and how long the operations on one user take while it is there.
type Users struct {
	// Redis is host:port of a server with nothing in it.
	Redis string
	// Users have Each sessions, of Keys values of ValueBytes.
	Users, Each, Keys, ValueBytes int
	// Devices are the numbers of sessions of a user for which operations are timed, and
	// Samples how often each is.
	Devices []int
	Samples int
}

// UserApp is the application of the results.
const UserApp = "redissessions"

// The routes of the results: operations on one user, a plain GET of a record, and what the
// memory of all was.
const (
	RouteMemory    = "memory"
	RouteRoundTrip = "roundtrip"
	RouteLogin     = "login"
	RouteTicket    = "ticket"
	RouteSessions  = "sessions"
	RouteEndAll    = "endall"
)

// UserRoutes are the timed ones.
var UserRoutes = []string{RouteRoundTrip, RouteLogin, RouteTicket, RouteSessions, RouteEndAll}

// fillers is how many logins are under way while Redis is filled.
const fillers = 16

// sampleOf is of how many keys Redis is asked for the memory.
const sampleOf = 200

// Take measures memory first, and the times with the same users in Redis.
func (u *Users) Take(ctx context.Context, emit func([]record.Result) error) error {
	client := redisserver.Client(u.Redis)
	defer func() { _ = client.Close() }()
	memory, err := u.memory(ctx, client)
	if err != nil {
		return err
	}
	if err := emit([]record.Result{memory}); err != nil {
		return err
	}
	for _, devices := range u.Devices {
		results, err := u.times(ctx, client, devices)
		if err == nil {
			err = emit(results)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (u *Users) cell(route string, devices int) record.Cell {
	return record.Cell{Route: route, Via: record.ViaCall, Keys: u.Keys, ValueBytes: u.ValueBytes, AtOnce: 1, Devices: devices, Sessions: u.Users * u.Each}
}

// userSite is this library with or without the index.
type userSite struct {
	*Users
	sessions *session.Factory
	value    string
}

func (u *Users) open(url string, index bool) (*userSite, error) {
	f, err := factory.FromSettings(settings.Map{"redis.sessions": map[string]any{
		"secret": rand.Text() + rand.Text(), "url": url, "user_sessions": index,
	}})
	if err != nil {
		return nil, fmt.Errorf("measure: redissessions: %w", err)
	}
	return &userSite{u, f, strings.Repeat("v", u.ValueBytes)}, nil
}

// login logs a visitor without a session in, and returns how long Session.Login took.
func (s *userSite) login(user string) (took time.Duration, err error) {
	page := s.sessions.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var visitor *session.Session
		if visitor, err = s.sessions.Get(r); err != nil {
			return
		}
		for i := range s.Keys {
			visitor.Set(fmt.Sprint("key", i), s.value)
		}
		start := time.Now()
		err = visitor.Login(r.Context(), user)
		took = time.Since(start)
	}))
	page.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/", nil))
	return took, err
}

// loginTimes logs a user in n times.
func (s *userSite) loginTimes(ctx context.Context, user string, n int) error {
	for range n {
		if err := ctx.Err(); err != nil {
			return err
		}
		if _, err := s.login(user); err != nil {
			return err
		}
	}
	return nil
}

// oneURL is the URL of one server.
func oneURL(addr string) string { return "redis://" + addr + "/0" }

// fill logs all users in at servers that are empty then, with the index or without it, and
// returns the bytes that Redis has allocated for them. It looks while there are no
// connections, for which Redis has buffers that come and go.
func (u *Users) fill(ctx context.Context, url string, index bool, servers ...*redis.Client) (int64, error) {
	few := *u
	few.Users = min(u.Users, 10*fillers)
	// The first call of a command takes some 20 kB for its statistics, on every server.
	if err := errors.Join(few.logIn(ctx, url, true), flush(ctx, servers...)); err != nil {
		return 0, err
	}
	before, err := settled(ctx, servers)
	if err != nil {
		return 0, err
	}
	if err := u.logIn(ctx, url, index); err != nil {
		return 0, err
	}
	after, err := settled(ctx, servers)
	return after - before, err
}

// logIn logs all users in, by connections that it closes.
func (u *Users) logIn(ctx context.Context, url string, index bool) error {
	s, err := u.open(url, index)
	if err != nil {
		return err
	}
	return errors.Join(s.loginAll(ctx), s.sessions.Close())
}

// loginAll logs all users in.
func (s *userSite) loginAll(ctx context.Context) error {
	var group sync.WaitGroup
	errs := make([]error, fillers)
	for first := range fillers {
		group.Go(func() {
			for i := first; i < s.Users.Users && errs[first] == nil; i += fillers {
				errs[first] = s.loginTimes(ctx, fmt.Sprintf("user-%d", i), s.Each)
			}
		})
	}
	group.Wait()
	return errors.Join(errs...)
}

// flush empties servers.
func flush(ctx context.Context, servers ...*redis.Client) error {
	for _, server := range servers {
		if err := server.FlushDB(ctx).Err(); err != nil {
			return fmt.Errorf("measure: %w", err)
		}
	}
	return nil
}

// settled returns what all servers together have allocated.
func settled(ctx context.Context, servers []*redis.Client) (int64, error) {
	found, errs := make([]int64, len(servers)), make([]error, len(servers))
	var group sync.WaitGroup
	for i, server := range servers {
		group.Go(func() { found[i], errs[i] = redisserver.SettledMemory(ctx, server) })
	}
	group.Wait()
	sum := int64(0)
	for _, n := range found {
		sum += n
	}
	return sum, errors.Join(errs...)
}

// times measures the operations on users with a number of sessions: each user is logged in
// for the last time, gets a ticket, has the sessions listed, and is thrown out. Before
// each of these a record is read by a plain GET.
func (u *Users) times(ctx context.Context, client *redis.Client, devices int) ([]record.Result, error) {
	s, err := u.open(oneURL(u.Redis), true)
	if err != nil {
		return nil, err
	}
	defer func() { _ = s.sessions.Close() }()
	key, err := client.RandomKey(ctx).Result()
	for err == nil && strings.HasPrefix(key, "session:u:") {
		key, err = client.RandomKey(ctx).Result()
	}
	if err != nil {
		return nil, fmt.Errorf("measure: %w", err)
	}
	took := map[string][]float64{}
	size := 0.0
	for i := range u.Samples + 1 {
		user := fmt.Sprintf("user-with-%d-%d", devices, i)
		if err := s.loginTimes(ctx, user, devices-1); err != nil {
			return nil, err
		}
		for _, route := range UserRoutes[1:] {
			start := time.Now()
			if err := client.Get(ctx, key).Err(); err != nil {
				return nil, fmt.Errorf("measure: %w", err)
			}
			trip := time.Since(start)
			spent, err := s.do(ctx, route, user, devices)
			if err != nil {
				return nil, err
			}
			if i == 0 {
				continue // it may open a connection
			}
			took[route] = append(took[route], float64(spent))
			took[RouteRoundTrip] = append(took[RouteRoundTrip], float64(trip))
		}
	}
	traffic, err := u.traffic(ctx, devices)
	if err != nil {
		return nil, err
	}
	if size, err = u.indexSize(ctx, client, s, devices); err != nil {
		return nil, err
	}
	var results []record.Result
	for _, route := range UserRoutes {
		slices.Sort(took[route])
		n := len(took[route])
		r := record.Result{Cell: u.cell(route, devices), App: UserApp, Requests: n, Values: map[string]float64{
			record.NsPerOp: math.Round(Median(took[route])), record.P99: took[route][min(n*99/100, n-1)],
		}}
		if route == RouteRoundTrip {
			r.App = Bare
		} else {
			r.Values[record.Trips] = traffic[route]
		}
		if route == RouteSessions {
			r.Values[record.IndexUsage] = size
		}
		results = append(results, r)
	}
	return results, nil
}

// do carries one operation out, checks what it did, and returns how long it took.
func (s *userSite) do(ctx context.Context, route, user string, devices int) (time.Duration, error) {
	start, n := time.Now(), devices
	var err error
	switch route {
	case RouteLogin:
		return s.login(user)
	case RouteTicket:
		_, err = s.sessions.Ticket(ctx, user)
	case RouteSessions:
		var infos []session.Info
		infos, err = s.sessions.Sessions(ctx, user)
		n = len(infos)
	case RouteEndAll:
		n, err = s.sessions.EndAll(ctx, user)
	}
	took := time.Since(start)
	if err == nil && n != devices {
		err = fmt.Errorf("measure: %s: %d sessions, want %d", route, n, devices)
	}
	return took, err
}

// traffic counts the round trips of the operations, by a proxy.
func (u *Users) traffic(ctx context.Context, devices int) (map[string]float64, error) {
	proxy, err := wire.NewProxy(u.Redis)
	if err != nil {
		return nil, err
	}
	defer func() { _ = proxy.Close() }()
	s, err := u.open(oneURL(proxy.Addr()), true)
	if err != nil {
		return nil, err
	}
	defer func() { _ = s.sessions.Close() }()
	trips := map[string]float64{}
	for i := range countedForTraffic + 1 {
		user := fmt.Sprintf("user-counted-%d-%d", devices, i)
		if err := s.loginTimes(ctx, user, devices-1); err != nil {
			return nil, err
		}
		for _, route := range UserRoutes[1:] {
			before := proxy.Traffic()
			if _, err := s.do(ctx, route, user, devices); err != nil {
				return nil, err
			}
			if i > 0 {
				trips[route] += float64(proxy.Traffic().Minus(before).RoundTrips)
			}
		}
	}
	for route := range trips {
		trips[route] = math.Round(trips[route]/countedForTraffic*100) / 100
	}
	return trips, nil
}
