package session_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pyramidgo/redissessions/connect"
	"github.com/pyramidgo/redissessions/connect/goredis"
	"github.com/pyramidgo/redissessions/internal/connecttest"
	"github.com/pyramidgo/redissessions/session"
)

// The longer mode:
//
//	go test ./session -run TestUsersInterleaved -user-interleavings 10000
var (
	userInterleavings = flag.Int("user-interleavings", 0, "how many interleavings TestUsersInterleaved tries in each format on each server (default 150, 40 with -short)")
	userSeed          = flag.Uint64("user-seed", 0, "the seed of the first of them, as a failure prints it (default 1)")
)

// lineage is a login, and the sessions that it is renewed to.
type lineage struct {
	begun, returned int // steps of the schedule
	drawn           int // when the ticket was there; 0 without one
	browser         int
	at              time.Time // LoginTime
	cookies         []string
}

// ended is a call of EndAll, EndOthers or End that has succeeded.
type ended struct {
	begun, returned int
	spared          *lineage
	only            time.Time // the time of login that End's handle was of
}

// userWorld is one run: a user, browsers, and what happened.
type userWorld struct {
	t         *testing.T
	sched     *usersScheduler
	factories []*session.Factory
	user      string
	limit     int
	cookies   []string // of each browser
	of        map[string]*lineage
	logins    []*lineage
	ends      []ended
	kinds     []string // what is drawn from
	faulty    bool     // a login or a renewal did not come to its end
	ticketed  bool
	together  bool // the store is one of one server
}

type plainSigner struct{}

func (plainSigner) Sign(id string) (string, error)      { return id, nil }
func (plainSigner) Verify(value string) (string, error) { return value, nil }

var userRuns atomic.Int64

func newUserWorld(t *testing.T, store session.Store, format session.Format, seed uint64, without string) *userWorld {
	rng := rand.New(rand.NewPCG(seed, 1))
	run := userRuns.Add(1)
	w := &userWorld{
		t: t, sched: &usersScheduler{rng: rng, faults: rng.IntN(2) == 0}, user: fmt.Sprintf("ann%d", run),
		of: map[string]*lineage{}, cookies: make([]string, 3),
		kinds:    []string{"login", "login", "renew", "renew", "lengthen", "logout", "endall", "endall", "endothers", "end", "list"},
		ticketed: without != "ticket",
	}
	users := &session.UserOptions{}
	draw := rng.IntN(4)
	if without != "" { // what shows a piece missing soonest
		w.kinds, draw = []string{"login", "renew", "endall"}, 2
		w.sched.faults = without == "ZREM last" || without == "entry with record" || without == "nothing, with faults"
	}
	switch draw {
	case 0:
		users.Max = 1 + rng.IntN(2)
	case 1:
		users.Max, users.WhenFull = 1+rng.IntN(2), session.Refuse
	}
	w.limit = users.Max
	var ids atomic.Int64
	var scheduled session.Store = usersStore{store, without}
	if w.together = seed%2 == 0 || without == "entry with record"; w.together {
		scheduled = oneServerStore{usersStore{store, without}}
	}
	for range 3 {
		f, err := session.NewFactory(scheduled, &session.Options{
			Signer: plainSigner{}, Format: format, Users: users,
			NewID:        func() (string, error) { return fmt.Sprintf("run%d-%03d", run, ids.Add(1)), nil },
			Logger:       slog.New(slog.NewTextHandler(io.Discard, nil)),
			ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusTeapot) },
		})
		if err != nil {
			t.Fatal(err)
		}
		w.factories = append(w.factories, f)
	}
	return w
}

// request sends a request with a cookie, and returns the cookie of the answer.
func (w *userWorld) request(ctx context.Context, f *session.Factory, cookie string, use func(ctx context.Context, s *session.Session)) (answer string, ok bool) {
	r := httptest.NewRequest(http.MethodGet, "/", nil).WithContext(ctx)
	if cookie != "" {
		r.AddCookie(&http.Cookie{Name: "session", Value: cookie})
	}
	rec := httptest.NewRecorder()
	f.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if s, err := f.Get(r); err == nil {
			use(r.Context(), s)
		}
	})).ServeHTTP(rec, r)
	for _, c := range rec.Result().Cookies() {
		if c.MaxAge >= 0 {
			answer = c.Value
		}
	}
	return answer, rec.Code == http.StatusOK
}

// take gives a browser the cookie of an answer.
func (w *userWorld) take(b int, cookie string, l *lineage) {
	w.cookies[b] = cookie
	w.of[cookie] = l
	if l != nil {
		l.cookies = append(l.cookies, cookie)
	}
}

// act starts what a process does.
func (w *userWorld) act(i int, kind string, b int) {
	f := w.factories[i%len(w.factories)]
	name := fmt.Sprintf("%02d-%s", i, kind)
	switch kind {
	case "login":
		w.sched.start(name, kind, func(ctx context.Context, t *schedTask) {
			l := &lineage{begun: w.sched.now(), browser: b}
			var opts []session.LoginOption
			if w.sched.rng.IntN(3) > 0 {
				if ticket, err := f.Ticket(ctx, w.user); err == nil {
					l.drawn = w.sched.now()
					if w.ticketed {
						opts = append(opts, session.WithTicket(ticket))
					}
				}
			}
			err := errors.New("not called")
			cookie, ok := w.request(ctx, f, w.cookies[b], func(ctx context.Context, s *session.Session) {
				err = s.Login(ctx, w.user, opts...)
				l.at = s.LoginTime()
			})
			if t.crashed || err != nil && !errors.Is(err, session.ErrTooManySessions) && !errors.Is(err, session.ErrEnded) {
				w.faulty = true
			}
			if err == nil && ok && !t.crashed {
				l.returned = w.sched.now()
				w.logins = append(w.logins, l)
				w.take(b, cookie, l)
			}
		})
	case "renew", "lengthen", "logout":
		w.sched.start(name, kind, func(ctx context.Context, t *schedTask) {
			sent, user := w.cookies[b], ""
			cookie, ok := w.request(ctx, f, sent, func(ctx context.Context, s *session.Session) {
				switch kind {
				case "renew":
					// One that fails half-way may leave its copy, which no browser has.
					w.faulty = s.Renew(ctx) != nil || t.crashed || w.faulty
				case "lengthen":
					if s.User() != "" {
						s.Remember(24 * time.Hour)
					}
				case "logout":
					_ = s.Invalidate(ctx)
				}
				user = s.User()
			})
			if ok && !t.crashed && cookie != "" && user != "" {
				w.take(b, cookie, w.of[sent])
			}
		})
	case "endall":
		w.sched.start(name, kind, func(ctx context.Context, t *schedTask) {
			for try := 0; try < 5 && !t.crashed; try++ {
				e := ended{begun: w.sched.now()}
				if _, err := f.EndAll(ctx, w.user); err == nil && !t.crashed {
					e.returned = w.sched.now()
					w.ends = append(w.ends, e)
					return
				}
			}
		})
	case "endothers":
		w.sched.start(name, kind, func(ctx context.Context, t *schedTask) {
			e := ended{begun: w.sched.now(), spared: w.of[w.cookies[b]]}
			err := errors.New("not called")
			cookie, ok := w.request(ctx, f, w.cookies[b], func(ctx context.Context, s *session.Session) {
				if e.spared == nil || s.User() == "" {
					return
				}
				if w.sched.rng.IntN(2) == 0 && s.Renew(ctx) != nil {
					w.faulty = true
					return
				}
				_, err = s.EndOthers(ctx)
			})
			if ok && !t.crashed && cookie != "" && e.spared != nil {
				w.take(b, cookie, e.spared)
			}
			if err == nil && !t.crashed {
				e.returned = w.sched.now()
				w.ends = append(w.ends, e)
			}
		})
	case "end":
		w.sched.start(name, kind, func(ctx context.Context, t *schedTask) {
			infos, err := f.Sessions(ctx, w.user)
			if err != nil || len(infos) == 0 {
				return
			}
			info := infos[w.sched.rng.IntN(len(infos))]
			e := ended{begun: w.sched.now(), only: info.LoggedIn}
			if err := f.End(ctx, w.user, info.Handle); err == nil && !t.crashed {
				e.returned = w.sched.now()
				w.ends = append(w.ends, e)
			}
		})
	case "list":
		w.sched.start(name, kind, func(ctx context.Context, _ *schedTask) { _, _ = f.Sessions(ctx, w.user) })
	}
}

// play runs what the seed says, and returns what is wrong afterwards.
func (w *userWorld) play() []string {
	rng := w.sched.rng
	faults := w.sched.faults
	w.sched.faults = false
	n := 0
	for b := range rng.IntN(3) { // who is logged in already
		w.act(n, "login", b)
		n++
		w.sched.run()
	}
	w.sched.faults = faults
	kinds := w.kinds
	for range 1 + rng.IntN(2) {
		for range 2 + rng.IntN(4) {
			w.act(n, kinds[rng.IntN(len(kinds))], rng.IntN(len(w.cookies)))
			n++
		}
		w.sched.run()
	}
	return w.check()
}

func (w *userWorld) check() (problems []string) {
	problem := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	f, ctx, faults := w.factories[0], context.Background(), w.sched.faults
	live := map[*lineage]bool{}
	look := func() {
		clear(live)
		for cookie, l := range w.of {
			w.request(ctx, f, cookie, func(ctx context.Context, s *session.Session) {
				if s.User() == "" || l == nil {
					return
				}
				live[l] = true
				infos, err := f.Sessions(ctx, w.user)
				if err != nil {
					problem("Sessions: %v", err)
				}
				for _, i := range infos {
					if i.Current {
						return
					}
				}
				problem("G4: the login of step %d lives, but the index does not have it", l.returned)
			})
		}
	}
	look()
	for _, l := range w.logins {
		for _, e := range w.ends {
			if !live[l] || e.spared == l || !e.only.IsZero() && (w.faulty || !e.only.Equal(l.at)) {
				continue // the handle may be of the copy of a renewal that failed
			}
			if l.returned < e.begun {
				problem("G1: the login of step %d outlived what ended all from step %d to %d", l.returned, e.begun, e.returned)
			}
			if l.drawn > 0 && l.drawn < e.begun && e.only.IsZero() {
				problem("G3: the login with the ticket of step %d outlived what ended all from step %d to %d", l.drawn, e.begun, e.returned)
			}
		}
	}
	pass(time.Minute) // no login is young any more
	infos, err := f.Sessions(ctx, w.user)
	if err != nil {
		problem("Sessions: %v", err)
	}
	if w.limit > 0 && !w.faulty && len(infos) > w.limit {
		problem("G5: %d sessions, the cap is %d", len(infos), w.limit)
	}
	// The entry of a renewal that failed and could not take it back stays while the
	// session lives.
	if n := w.entries(); n != len(infos) && !faults {
		problem("G6: %d entries for %d sessions", n, len(infos))
	}
	if _, err := f.EndAll(ctx, w.user); err != nil {
		problem("EndAll: %v", err)
	}
	if look(); len(live) > 0 {
		problem("G1: %d logins outlived the last EndAll", len(live))
	}
	if n := w.entries(); n != 0 {
		problem("G6: %d entries after the last EndAll", n)
	}
	return problems
}

// entries returns how many entries the index has.
func (w *userWorld) entries() int { return session.CountEntries(w.factories[0], w.user) }

// eachUserStore runs a test in a bubble with a store, in each format on each server. The
// bubble's clock is set to the servers' time.
func eachUserStore(t *testing.T, test func(t *testing.T, store session.Store, format session.Format)) {
	for _, server := range []string{"redis", "miniredis"} {
		url := ""
		if server == "redis" {
			url = connecttest.RedisServer(t).URL()
		} else {
			url = "redis://" + connecttest.Miniredis(t).Addr()
		}
		for _, format := range formats {
			t.Run(server+"/"+format.String(), func(t *testing.T) { inBubble(t, url, format, test) })
		}
	}
}

func inBubble(t *testing.T, url string, format session.Format, test func(t *testing.T, store session.Store, format session.Format)) {
	now := time.Now()
	synctest.Test(t, func(t *testing.T) {
		pass(time.Until(now))
		store, err := goredis.Connect(t.Context(), connect.Options{URL: url, PoolSize: 20, DialTimeout: time.Minute, SocketTimeout: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = store.Close() }()
		test(t, store, format)
	})
}

// TestUsersInterleaved lets several processes log in, renew, log out, list, and end all of
// one user's sessions, with caps, and interleaves their commands by a seed. In half of the
// runs processes crash between two commands, and replies are lost. What the guarantees G1
// to G6 of docs/users.md say must hold afterwards.
func TestUsersInterleaved(t *testing.T) {
	n := *userInterleavings
	if n == 0 {
		if n = 150; testing.Short() {
			n = 40
		}
	}
	first := *userSeed
	if first == 0 {
		first = 1 // the same ones each time
	}
	// The first ended the copy of a renewal, whose old record was changed meanwhile and stayed.
	seeds := []uint64{5286635855178555598}
	for i := range uint64(n) {
		seeds = append(seeds, first+i)
	}
	eachUserStore(t, func(t *testing.T, store session.Store, format session.Format) {
		for _, seed := range seeds {
			w := newUserWorld(t, store, format, seed, "")
			if problems := w.play(); len(problems) > 0 {
				t.Fatalf("-user-interleavings 1 -user-seed %d, cap %d:\n%s\nthe store operations in order:\n\t%s",
					seed, w.limit, strings.Join(problems, "\n"), strings.Join(w.sched.trace, "\n\t"))
			}
		}
	})
}

// TestUsersPieces takes a piece of the protocol out, and finds a guarantee broken by it:
// so TestUsersInterleaved can fail. In the Pyramid formats renewals leave no markers. With
// nothing taken out the same histories break nothing.
func TestUsersPieces(t *testing.T) {
	url := "redis://" + connecttest.Miniredis(t).Addr()
	for _, format := range formats {
		for _, piece := range []string{"nothing", "nothing, with faults", "tombstone", "ticket", "following markers", "ZREM last", "entry with record"} {
			if piece == "following markers" && format != session.FormatNative {
				continue
			}
			t.Run(format.String()+"/"+piece, func(t *testing.T) {
				inBubble(t, url, format, func(t *testing.T, store session.Store, format session.Format) {
					intact, seeds := strings.HasPrefix(piece, "nothing"), uint64(3000)
					if intact {
						seeds = 150
					}
					for seed := range seeds {
						if problems := newUserWorld(t, store, format, seed, piece).play(); len(problems) > 0 {
							if t.Logf("seed %d: %s", seed, problems[0]); intact {
								t.Error("it broke with nothing left out")
							}
							return
						}
					}
					if !intact {
						t.Error("nothing was broken by leaving it out")
					}
				})
			})
		}
	}
}
