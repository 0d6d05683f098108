package session_test

import (
	"context"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/pyramidgo/redissessions/connect/goredis"
	"github.com/pyramidgo/redissessions/internal/connecttest"
	"github.com/pyramidgo/redissessions/internal/visitor"
	"github.com/pyramidgo/redissessions/session"
)

// userTrip is a row of the table of round trips for logins and what follows from them.
type userTrip struct {
	name    string
	users   *session.UserOptions
	anew    bool // the visitor has no session yet
	in      bool // the visitor has logged in
	others  int  // so many other visitors have logged in as the same user
	use     func(f *session.Factory, r *http.Request)
	want    int
	pyramid int // in the Pyramid formats, where it is another number
	cluster int // on a Cluster, where it is another number: commands at the same time count each
}

// using makes a row's handler of what it does with the session.
func using(do func(s *session.Session)) func(*session.Factory, *http.Request) {
	return func(f *session.Factory, r *http.Request) { used(do)(f, r, nil) }
}

func labelled(s *session.Session) {
	_ = s.Login(context.Background(), "ann", session.WithLabel("sid", "1"))
}

var userTrips = func() []userTrip {
	on, capped := &session.UserOptions{}, &session.UserOptions{Max: 2}
	refusing := &session.UserOptions{Max: 2, WhenFull: session.Refuse}
	return []userTrip{
		{name: "login, no session, off", anew: true, use: using(logInAnn), want: 1},
		{name: "login, off", use: using(logInAnn), want: 3},
		{name: "another login, off", in: true, use: using(logInAnn), want: 3},
		{name: "renewal after a login, off", in: true, use: using(renew), want: 3},
		{name: "logout after a login, off", in: true, use: using(invalidate), want: 2},
		{name: "Factory.Invalidate after a login, off", in: true, use: func(f *session.Factory, r *http.Request) { _ = f.Invalidate(r) }, want: 2, pyramid: 1},

		{name: "read", users: on, in: true, use: using(func(s *session.Session) { s.Get("a"); s.User() }), want: 1},
		{name: "write", users: on, in: true, use: using(func(s *session.Session) { s.Set("a", 2) }), want: 2},
		{name: "login, no session", users: on, anew: true, use: using(logInAnn), want: 1, cluster: 2},
		{name: "login", users: on, use: using(logInAnn), want: 3, cluster: 4},
		{name: "login with a label", users: on, use: using(labelled), want: 3, cluster: 5},
		{name: "another login", users: on, in: true, use: using(logInAnn), want: 3, cluster: 5},
		{name: "renewal", users: on, in: true, use: using(renew), want: 3, cluster: 5},
		{name: "write and renewal", users: on, in: true, use: using(func(s *session.Session) { s.Set("a", 2); renew(s) }), want: 3, cluster: 5},
		{name: "logout", users: on, in: true, use: using(invalidate), want: 2, cluster: 3},
		{name: "logout, never logged in", users: on, use: using(invalidate), want: 2},
		{name: "Factory.Invalidate", users: on, in: true, use: func(f *session.Factory, r *http.Request) { _ = f.Invalidate(r) }, want: 1},
		{name: "Factory.Invalidate, never logged in", users: on, use: func(f *session.Factory, r *http.Request) { _ = f.Invalidate(r) }, want: 2, pyramid: 1},

		{name: "login, no session, cap", users: capped, anew: true, others: 1, use: using(logInAnn), want: 1, cluster: 2},
		{name: "login, cap", users: capped, others: 1, use: using(logInAnn), want: 3, cluster: 4},
		{name: "another login, cap", users: capped, in: true, others: 1, use: using(logInAnn), want: 3, cluster: 5},
		// The others are read, and the oldest of them is ended.
		{name: "login beyond the cap", users: capped, anew: true, others: 2, use: using(logInAnn), want: 4, pyramid: 5, cluster: 5},
		// The others are read, and the new record and its entry are removed.
		{name: "login refused", users: refusing, anew: true, others: 2, use: using(logInAnn), want: 4, cluster: 5},

		{name: "ticket", users: on, in: true, use: func(f *session.Factory, r *http.Request) { _, _ = f.Ticket(r.Context(), "ann") }, want: 1},
		{name: "list of 5", users: on, anew: true, others: 5, use: func(f *session.Factory, r *http.Request) { _, _ = f.Sessions(r.Context(), "ann") }, want: 2},
		{name: "end one of 5", users: on, anew: true, others: 5, use: func(f *session.Factory, r *http.Request) {
			_ = f.End(r.Context(), "ann", session.FirstHandle(f, "ann"))
		}, want: 4, pyramid: 5}, // one is for the handle
		{name: "end all of 5", users: on, anew: true, others: 5, use: func(f *session.Factory, r *http.Request) { _, _ = f.EndAll(r.Context(), "ann") }, want: 3, pyramid: 4},
		{name: "end the others of 5", users: on, in: true, others: 4, use: using(func(s *session.Session) { _, _ = s.EndOthers(context.Background()) }), want: 4, pyramid: 5},
	}
}()

// TestUserTripsOnTheWire counts the round trips of logins on the wire, with both clients, in
// the three formats.
func TestUserTripsOnTheWire(t *testing.T) {
	for name, open := range connectors {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := connecttest.RedisServer(t)
			proxy := connecttest.Proxy(t, srv.Addr())
			counted, other := openStore(t, open, proxy.URL()), openStore(t, open, srv.URL())
			knowScripts(t, other)
			for _, format := range formats {
				t.Run(format.String(), func(t *testing.T) {
					for _, row := range userTrips {
						want := row.want
						if format != session.FormatNative && row.pyramid > 0 {
							want = row.pyramid
						}
						t.Run(row.name, func(t *testing.T) {
							row.check(t, format, proxy, counted, other, want)
							if err := srv.Client().FlushDB(t.Context()).Err(); err != nil {
								t.Fatal(err)
							}
						})
					}
				})
			}
		})
	}
}

// On a Cluster a record and an entry are on different nodes: the entry takes a command of its
// own, beside the record or after it.
func TestUserTripsOnACluster(t *testing.T) {
	proxy := connecttest.Proxy(t, "127.0.0.1:1")
	srv := connecttest.RedisServer(t, "cluster-enabled yes", "cluster-announce-ip 127.0.0.1", "cluster-announce-port "+strconv.Itoa(proxy.Port()))
	proxy.Redirect(srv.Addr())
	if err := srv.Client().Do(t.Context(), "cluster", "addslotsrange", 0, 16383).Err(); err != nil {
		t.Fatal(err)
	}
	connecttest.Eventually(t, time.Minute, func() error { return srv.Client().Set(t.Context(), "a", 1, 0).Err() })
	url := "redis-cluster://" + proxy.Addr()
	counted, other := openStore(t, goredis.Connect, url), openStore(t, goredis.Connect, url)
	knowScripts(t, other)
	for _, row := range userTrips {
		want := row.want
		if row.cluster > 0 {
			want = row.cluster
		}
		t.Run(row.name, func(t *testing.T) {
			row.check(t, session.FormatNative, proxy, counted, other, want)
			if err := srv.Client().FlushDB(t.Context()).Err(); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func (row userTrip) check(t *testing.T, format session.Format, proxy *connecttest.RecordingProxy, counted, other session.Store, want int) {
	edit := func(o *session.Options) { o.Users, o.Format = row.users, format }
	f, beside := newTestFactory(t, counted, edit), newTestFactory(t, other, edit)
	v := visitor.New(t)
	request := func(v *visitor.Visitor, f *session.Factory, use func(f *session.Factory, r *http.Request)) {
		resp := v.Get(f.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { use(f, r) })), "/")
		if resp.StatusCode != http.StatusOK {
			t.Errorf("status %d", resp.StatusCode)
		}
	}
	for range row.others {
		request(visitor.New(t), beside, using(logInAnn))
		nextMillisecond()
	}
	if !row.anew {
		request(v, beside, using(func(s *session.Session) { s.Set("a", 1) }))
	}
	if row.in {
		request(v, beside, using(logInAnn))
	}
	proxy.Reset()
	request(v, f, row.use)
	got := proxy.RoundTrips()
	var names []string
	for _, c := range proxy.Commands() {
		if c[0] == "CLUSTER" { // the client looks in the background which nodes there are
			got--
			continue
		}
		names = append(names, c[0])
	}
	if got != want {
		t.Errorf("%d round trips %v, want %d", got, names, want)
	}
}

// knowScripts makes the server know the scripts, for which it asks once in its life.
func knowScripts(t *testing.T, store session.Store) {
	ctx := t.Context()
	_ = store.Replace(ctx, "none", nil, nil, 0)
	_ = store.Remove(ctx, "none", nil)
	e := session.Entry{Sets: []string{"none"}, Member: []byte("none")}
	_ = store.(session.EntryStore).ReplaceLeaving(ctx, "none", nil, nil, 0, e)
	_ = store.(session.EntryStore).RemoveLeaving(ctx, "none", nil, e)
}
