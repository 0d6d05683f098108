package handlertest_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/pyramidgo/redissessions/session"
	"github.com/pyramidgo/redissessions/session/handlertest"
)

// lose counts as a handler does that loses updates.
var lose = page(func(s *session.Session) string {
	n, _ := session.Value[int](s, "n")
	s.Set("n", n+1)
	return ""
})

// count loses none.
var count = page(func(s *session.Session) string {
	session.Modify(s, "n", func(n int) int { return n + 1 })
	return ""
})

func zero(ada *handlertest.Visitor) { ada.Set("n", 0) }

// counted checks that n requests were counted.
func counted(n int) func(run *handlertest.Run) error {
	return func(run *handlertest.Run) error {
		if got := run.Visitor.Session()["n"]; got != n {
			return fmt.Errorf("%v of %d requests were counted", got, n)
		}
		return nil
	}
}

func TestInterleaveFindsALostUpdate(t *testing.T) {
	t.Parallel()
	each(t, func(_ *testing.T, k *handlertest.Kit) {
		k.Interleave(200, count, count, count).Arrange(zero).Check(counted(3))
	})
	got := failing(t, func(t testing.TB) {
		handlertest.New(t).Interleave(200, lose, lose).Arrange(zero).Check(counted(2))
	})
	if len(got) != 1 {
		t.Fatalf("%d failures: %q", len(got), got)
	}
	for _, want := range []string{
		`^handlertest: interleaving \d+ of 200: 1 of 2 requests were counted\n`,
		`\nseed \d+; to run it alone: HANDLERTEST_SEED=\d+ go test -run '\^TestInterleaveFindsALostUpdate\$/\^failing\$'\n`,
		`\n\t  \d  request 1 \(GET /\)  loads session A\n`,
		`\n\t  \d  request [12] \(GET /\)  saves session A: another request has changed it\n`,
	} {
		if !regexp.MustCompile(want).MatchString(got[0]) {
			t.Errorf("no %q in\n%s", want, got[0])
		}
	}
}

// A seed makes one schedule, whenever it runs, and different seeds make different ones.
func TestTheScheduleIsTheSeeds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { // a busy machine does not make a request look like one that waits
		schedules := func() (all []string) {
			k := handlertest.New(t)
			k.Interleave(100, count, lose, handlertest.As(1, count)).Arrange(zero).Check(func(run *handlertest.Run) error {
				if run.Seed != uint64(len(all)) {
					t.Errorf("seed %d is run %d", run.Seed, len(all))
				}
				all = append(all, run.Schedule())
				return nil
			})
			return all
		}
		first, second := schedules(), schedules()
		different := map[string]bool{}
		for seed := range first {
			if different[first[seed]] = true; first[seed] != second[seed] {
				t.Errorf("seed %d:\n%s\nand then\n%s", seed, first[seed], second[seed])
			}
		}
		if len(different) < 20 {
			t.Errorf("%d schedules of 100 seeds", len(different))
		}
	})
}

func TestReplayBySeed(t *testing.T) {
	var seeds []uint64
	t.Setenv(handlertest.SeedVariable, "4711")
	handlertest.New(t).Interleave(50, count, count).Arrange(zero).Check(func(run *handlertest.Run) error {
		seeds = append(seeds, run.Seed)
		return nil
	})
	if len(seeds) != 1 || seeds[0] != 4711 {
		t.Errorf("the seeds are %v", seeds)
	}
	t.Setenv(handlertest.SeedVariable, "12x")
	got := failing(t, func(t testing.TB) {
		handlertest.New(t).Interleave(50, count).Check(func(*handlertest.Run) error { return nil })
	})
	if len(got) != 1 || !strings.Contains(got[0], `"12x"`) {
		t.Errorf("%q", got)
	}
}

func TestInterleaveResponsesAndVisitors(t *testing.T) {
	t.Parallel()
	k := handlertest.New(t)
	who := new(session.CSRFProtection).Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s, err := session.FromRequest(r); err == nil {
			fmt.Fprint(w, r.Method, r.URL, r.FormValue("a"), s.Has("n"))
		}
	}))
	arranged := 0
	k.Interleave(10,
		handlertest.Get(who, "/x?y=z"),
		handlertest.Post(who, "/form", map[string][]string{"a": {"b"}}),
		handlertest.As(2, handlertest.Get(who, "/other")),
	).Arrange(func(ada *handlertest.Visitor) {
		if arranged++; arranged%3 == 1 {
			ada.Set("n", 1)
		}
	}).Check(func(run *handlertest.Run) error {
		for i, want := range []string{"GET/x?y=ztrue", "POST/formbtrue", "GET/otherfalse"} {
			if got := text(t, run.Responses[i]); got != want {
				return fmt.Errorf("response %d is %q, want %q", i, got, want)
			}
		}
		if len(run.Visitors) != 3 || run.Visitor != run.Visitors[0] {
			return errors.New("the visitors are wrong")
		}
		return nil
	})
}

func TestInterleaveReportsAPanic(t *testing.T) {
	t.Parallel()
	got := failing(t, func(t testing.TB) {
		oh := page(func(s *session.Session) string {
			if n, _ := session.Value[int](s, "n"); n > 0 {
				panic("oh")
			}
			return ""
		})
		handlertest.New(t).Interleave(100, count, oh).Arrange(zero).Check(func(*handlertest.Run) error { return nil })
	})
	if len(got) != 1 || !strings.Contains(got[0], "request 2 (GET /) panicked: oh") {
		t.Errorf("%q", got)
	}
}

// A handler that takes the application's own lock keeps the others waiting, which the
// schedule allows for.
func TestInterleaveWithAMutex(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	waits := 0
	lose := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !mu.TryLock() {
			mu.Lock()
			waits++
		}
		defer mu.Unlock()
		lose.ServeHTTP(w, r)
		w.WriteHeader(http.StatusNoContent) // saves
	})
	handlertest.New(t).Interleave(8, lose, lose).Arrange(zero).Check(counted(2))
	if waits == 0 {
		t.Error("no request has waited for the other")
	}
}

func TestInterleaveMisused(t *testing.T) {
	t.Parallel()
	if got := failing(t, func(t testing.TB) { handlertest.New(t).Interleave(10, count) }); !strings.Contains(got[0], "call Check") {
		t.Errorf("%q", got)
	}
	for n, handlers := range map[int][]http.Handler{0: {count}, 5: nil} {
		got := failing(t, func(t testing.TB) {
			handlertest.New(t).Interleave(n, handlers...).Check(func(*handlertest.Run) error { return nil })
		})
		if !strings.Contains(got[0], "at least one") {
			t.Errorf("%q", got)
		}
	}
}

// A handler that drops the request's context, as the way from net/http to fiber does, is not
// interleaved: its commands are no request's.
func TestInterleaveWithoutTheContext(t *testing.T) {
	t.Parallel()
	got := failing(t, func(t testing.TB) {
		k := handlertest.New(t)
		app := k.Handler(count)
		h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { app.ServeHTTP(w, r.Clone(context.Background())) })
		k.Interleave(10, h, h).Arrange(zero).Check(func(*handlertest.Run) error { return nil })
	})
	if len(got) != 1 || !strings.Contains(got[0], "the context of its request") {
		t.Errorf("%q", got)
	}

	k := handlertest.New(t)
	none := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}) // it uses no session
	k.Interleave(10, none, none).Check(func(*handlertest.Run) error { return k.Factory().Ping(t.Context()) })
}

// The body of a request that is made once is empty from the second run on.
func TestInterleaveWithOneRequestForAllRuns(t *testing.T) {
	t.Parallel()
	got := failing(t, func(t testing.TB) {
		r := httptest.NewRequest(http.MethodPost, "/x", strings.NewReader("a=b"))
		h := handlertest.Request(count, func() *http.Request { return r })
		handlertest.New(t).Interleave(10, h).Check(func(*handlertest.Run) error { return nil })
	})
	if len(got) != 1 || !strings.Contains(got[0], "make it in the function") {
		t.Errorf("%q", got)
	}
	if got := failing(t, func(t testing.TB) {
		handlertest.New(t).Interleave(10, handlertest.As(-1, count)).Check(func(*handlertest.Run) error { return nil })
	}); !strings.Contains(got[0], "As(-1)") {
		t.Errorf("%q", got)
	}
}

// A request of Get, Post or Request is an ordinary handler too.
func TestRequestsAreHandlers(t *testing.T) {
	t.Parallel()
	k := handlertest.New(t)
	ada := k.Visitor()
	ada.Set("user", "ada")
	h := handlertest.Post(page(user), "/x", nil)
	if got := text(t, ada.Get(h, "/")); got != "ada" {
		t.Errorf("%q", got)
	}
}
