package faults_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/pyramidgo/redissessions/internal/connecttest"
	"github.com/pyramidgo/redissessions/session"
)

// Every reply goes to another visitor's command. Each visitor gets an error and
// not the other's session, although undecodable records start a new session.
func TestCrossedReplies(t *testing.T) {
	t.Parallel()
	forEachConnector(t, func(t *testing.T, via connection) {
		proxy := connecttest.Proxy(t, connecttest.RedisServer(t).Addr())
		s := newSite(t, via.to(proxy.URL(), patient))
		visitors := threeVisitors(t, s)
		mustVisit(t, visitors[2], http.MethodGet) // so that the last reply is a record

		proxy.ShiftReplies(true)
		for n := range 20 {
			for _, v := range visitors {
				// Alternating, so that saves meet it too.
				got, _ := v.visit([]string{http.MethodGet, http.MethodPost}[n%2])
				if got.status != http.StatusInternalServerError || !strings.Contains(got.text, session.ErrCrossedReply.Error()) {
					t.Errorf("%s got %d %q, want ErrCrossedReply", v.name, got.status, got.text)
				}
				if v.cookie == nil {
					t.Fatalf("%s was told to forget the cookie", v.name)
				}
			}
		}
		proxy.ShiftReplies(false)
		for _, v := range visitors {
			mustVisit(t, v, http.MethodPost)
		}
	})
}

// A save that meets a conflict goes on from the record that the answer carries.
// When that is another visitor's, the save fails.
func TestCrossedConflict(t *testing.T) {
	t.Parallel()
	forEachConnector(t, func(t *testing.T, via connection) {
		srv := connecttest.RedisServer(t)
		proxy := connecttest.Proxy(t, srv.Addr())
		via = via.to(proxy.URL(), patient)
		store, err := via.connect(t.Context(), via.options)
		if err != nil {
			t.Fatal(err)
		}
		defer store.Close()
		s := newSite(t, via)
		visitors := threeVisitors(t, s)
		keys, err := srv.Client().Keys(t.Context(), "*").Result()
		if err != nil || len(keys) != 3 {
			t.Fatalf("keys %q, %v", keys, err)
		}
		// When the session is loaded and before it is saved, the last reply
		// becomes a conflict over one of the records.
		s.page = s.sessions.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			se, err := s.sessions.Get(r)
			if err != nil {
				t.Error(err)
				return
			}
			se.Modify("saves", oneMore)
			err = store.Remove(r.Context(), keys[0], []byte("another revision"))
			if conflict := new(session.ConflictError); !errors.As(err, &conflict) {
				t.Errorf("no conflict: %v", err)
			}
			proxy.ShiftReplies(true)
		}))
		crossed := 0
		for _, v := range visitors {
			w := httptest.NewRecorder()
			r := httptest.NewRequest(http.MethodGet, "http://example.test/", nil)
			r.AddCookie(v.cookie)
			s.page.ServeHTTP(w, r)
			proxy.ShiftReplies(false)
			if strings.Contains(w.Body.String(), session.ErrCrossedReply.Error()) {
				crossed++
			}
		}
		if crossed != 2 { // the third got a record of its own
			t.Errorf("%d saves were told of a crossed reply, want 2", crossed)
		}
		s.page = s.sessions.Handler(http.HandlerFunc(s.count))
		for _, v := range visitors {
			v.unsure++ // the one whose record it was may have saved
			mustVisit(t, v, http.MethodGet)
		}
	})
}

func threeVisitors(t *testing.T, s *site) []*visitor {
	t.Helper()
	var visitors []*visitor
	for _, name := range []string{"Ada", "Grace", "Edsger"} {
		v := &visitor{name: name, site: s}
		for range 3 {
			mustVisit(t, v, http.MethodPost)
		}
		visitors = append(visitors, v)
	}
	return visitors
}

// mustVisit makes a request that must succeed.
func mustVisit(t *testing.T, v *visitor, method string) {
	t.Helper()
	if got, err := v.visit(method); err != nil || got.status != http.StatusOK {
		t.Errorf("%s got %d %q: %v", v.name, got.status, got.text, err)
	}
}
