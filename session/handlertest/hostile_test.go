package handlertest_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/pyramidgo/redissessions/session"
	"github.com/pyramidgo/redissessions/session/handlertest"
)

// step is a handler behind CSRF protection, which changes the session's ID or ends it.
func step(use func(ctx context.Context, s *session.Session) error) http.Handler {
	return new(session.CSRFProtection).Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s, err := session.FromRequest(r)
		if err != nil {
			return
		}
		if err := use(r.Context(), s); err == nil {
			fmt.Fprint(w, "done")
		}
	}))
}

// A form that is sent while another request logs in, logs out or renews has the cookie from
// before: the answer is the application's, and not a failure of the kit.
func TestInterleaveWithHandlersThatEndTheSession(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]session.Options{
		"native":        {},
		"users":         {Users: &session.UserOptions{}},
		"pyramid":       {Format: session.FormatPyramidRedisSessions},
		"pyramid users": {Format: session.FormatPyramidSessionRedis, Users: &session.UserOptions{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := handlertest.New(t, handlertest.WithOptions(o))
			logout := handlertest.Post(step(func(ctx context.Context, s *session.Session) error { return s.Invalidate(ctx) }), "/logout", nil)
			login := handlertest.Post(step(func(ctx context.Context, s *session.Session) error { return s.Login(ctx, "ada") }), "/login", nil)
			renew := handlertest.Post(step(func(ctx context.Context, s *session.Session) error { return s.Renew(ctx) }), "/renew", nil)
			add := handlertest.Post(step(func(_ context.Context, s *session.Session) error { s.Set("new", 1); return nil }), "/add", nil)
			k.Interleave(100, logout, add, renew, login, handlertest.As(1, login), handlertest.As(2, add)).Arrange(func(ada *handlertest.Visitor) {
				ada.Login("ada")
				ada.Set("old", 1)
			}).Check(func(run *handlertest.Run) error {
				native := o.Format == session.FormatNative // in the others a logout does not follow a renewal
				if native && run.Responses[0].StatusCode == http.StatusOK && run.Visitor.Session()["old"] != nil {
					return errors.New("the session has survived a logout")
				}
				for i, resp := range run.Responses {
					switch resp.StatusCode {
					case http.StatusOK, http.StatusForbidden, http.StatusConflict:
					default:
						return fmt.Errorf("response %d has the status %d", i, resp.StatusCode)
					}
				}
				return nil
			})
		})
	}
}

// A handler that ends without an answer, as by t.FailNow, fails the run. Check's function,
// which would read the response, is not called.
func TestInterleaveWithoutAnAnswer(t *testing.T) {
	t.Parallel()
	got := failing(t, func(t testing.TB) {
		exit := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { runtime.Goexit() })
		handlertest.New(t).Interleave(5, count, handlertest.Get(exit, "/exit")).Check(func(run *handlertest.Run) error {
			return fmt.Errorf("status %d", run.Responses[1].StatusCode)
		})
	})
	if len(got) != 1 || !strings.Contains(got[0], "request 2 (GET /exit) ended without an answer") {
		t.Errorf("%q", got)
	}
}

// What a handler leaves behind goes on when the run is over. (A goroutine that waited for
// a turn would be a deadlock of the bubble.)
func TestInterleaveWithWorkAfterTheAnswer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		k := handlertest.New(t)
		done := 0
		over := make(chan struct{})
		finished := make(chan struct{})
		late := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			s, err := session.FromRequest(r)
			if err != nil {
				return
			}
			go func() {
				<-over
				if err := s.Touch(context.WithoutCancel(r.Context())); err != nil {
					t.Error(err)
				}
				finished <- struct{}{}
			}()
		})
		k.Interleave(1, late, late).Arrange(zero).Check(func(*handlertest.Run) error { return nil })
		close(over)
		for range 2 {
			<-finished
			done++
		}
		if done != 2 {
			t.Errorf("%d goroutines have gone on", done)
		}
	})
}

// The command that a failure prints runs that subtest, and no other.
func TestInterleaveNamesTheTest(t *testing.T) {
	t.Parallel()
	t.Run("of 1+1 (one)", func(t *testing.T) {
		t.Parallel()
		got := failing(t, func(t testing.TB) {
			handlertest.New(t).Interleave(1, count).Check(func(*handlertest.Run) error { return errors.New("no") })
		})
		if want := `go test -run '^TestInterleaveNamesTheTest$/^of_1\+1_\(one\)$/^failing$'`; !strings.Contains(got[0], want) {
			t.Errorf("no %q in %q", want, got[0])
		}
	})
}

// A seed makes one schedule with sessions by user too, of which a login changes the record
// and the list at once.
func TestTheScheduleIsTheSeedsWithUsers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { // a busy machine does not make a request look like one that waits
		schedules := func() (all []string) {
			k := handlertest.New(t, handlertest.WithOptions(session.Options{Users: &session.UserOptions{}}))
			login := step(func(ctx context.Context, s *session.Session) error { return s.Login(ctx, "ada") })
			logout := step(func(ctx context.Context, s *session.Session) error { return s.Invalidate(ctx) })
			k.Interleave(40, login, logout, handlertest.As(1, login)).Arrange(func(ada *handlertest.Visitor) { ada.Login("ada") }).Check(func(run *handlertest.Run) error {
				all = append(all, run.Schedule())
				return nil
			})
			return all
		}
		first, second := schedules(), schedules()
		for seed := range first {
			if first[seed] != second[seed] {
				t.Errorf("seed %d:\n%s\nand then\n%s", seed, first[seed], second[seed])
			}
		}
	})
}

// Each run begins with what was stored before the first: a user's sessions of one run are
// not there in the next.
func TestEachRunBeginsAfresh(t *testing.T) {
	t.Parallel()
	k := handlertest.New(t, handlertest.WithOptions(session.Options{Users: &session.UserOptions{}}))
	k.Visitor().Login("ada")
	k.Interleave(5, count).Arrange(func(ada *handlertest.Visitor) { ada.Login("ada") }).Check(func(*handlertest.Run) error {
		all, err := k.Factory().Sessions(t.Context(), "ada")
		if err == nil && len(all) != 2 {
			err = fmt.Errorf("ada has %d sessions", len(all))
		}
		return err
	})
}

// Requests that wait for what does not come are named.
func TestInterleaveThatIsStuck(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		never := make(chan struct{})
		defer close(never)
		waits := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-never })
		r := &recorder{TB: t}
		handlertest.New(r).Interleave(5, handlertest.Get(waits, "/waits"), count).Check(func(*handlertest.Run) error { return nil })
		if len(r.failures) != 1 || !strings.Contains(r.failures[0], "request 1 (GET /waits) waits for another request, or for something that does not come") {
			t.Errorf("%q", r.failures)
		}
	})
}
