package dbsc_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pyramidgo/redissessions/session"
	"github.com/pyramidgo/redissessions/session/dbsc"
)

// interrupted is a store that lets something else happen just before a command.
type interrupted struct {
	*memStore
	left   int // commands until then
	before func()
}

func (i *interrupted) step() {
	if i.left--; i.left == 0 {
		i.before()
	}
}

func (i *interrupted) Load(ctx context.Context, key string, ttl time.Duration) ([]byte, error) {
	i.step()
	return i.memStore.Load(ctx, key, ttl)
}

func (i *interrupted) LoadTTL(ctx context.Context, key string) ([]byte, time.Duration, error) {
	i.step()
	return i.memStore.LoadTTL(ctx, key)
}

func (i *interrupted) Replace(ctx context.Context, key string, guard, record []byte, ttl time.Duration) error {
	i.step()
	return i.memStore.Replace(ctx, key, guard, record, ttl)
}

func (i *interrupted) ReplaceKeepTTL(ctx context.Context, key string, guard, record []byte) error {
	i.step()
	return i.memStore.ReplaceKeepTTL(ctx, key, guard, record)
}

func (i *interrupted) Remove(ctx context.Context, key string, guard []byte) error {
	i.step()
	return i.memStore.Remove(ctx, key, guard)
}

func (i *interrupted) Expire(ctx context.Context, key string, ttl time.Duration) error {
	i.step()
	return i.memStore.Expire(ctx, key, ttl)
}

// during returns a server of the site whose nth command from now on comes after another
// request.
func (s *site) during(n int, another func()) *site {
	return siteOn(s.t, s.store, dbsc.Options{}, func(o *session.Options) {
		store := &interrupted{memStore: s.store, left: n, before: another}
		o.StoreFor = func(*http.Request) (session.Store, error) { return store, nil }
	})
}

// TestStrangerDuringLogout: when a session ends while a stranger's request puts back the time
// to live that its load has restarted, the request is that of a visitor without a session.
func TestStrangerDuringLogout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, dbsc.Options{})
		b := newBrowser(s).bound()
		b.get("/remember")
		pass(5 * time.Minute)
		thief := b.thief()
		thief.SetCookie(boundName, "")
		thief.site = s.during(2, func() { b.get("/logout") })
		if resp := thief.get("/write"); resp.StatusCode != http.StatusOK || !setsCookie(resp, "session") {
			t.Errorf("a change: status %d, Set-Cookie %q", resp.StatusCode, resp.Header["Set-Cookie"])
		}
		if s.store.count() != 1 {
			t.Errorf("%d records", s.store.count())
		}
	})
}

// TestEndDuringRefresh: a session that ends, is renewed or logs in again while a refresh is
// under way, at whatever command, is never brought back; the refresh succeeds only for the
// binding that is stored.
func TestEndDuringRefresh(t *testing.T) {
	for path, records := range map[string]int{"/logout": 0, "/renew": 2, "/login": 2} { // with the marker
		for n := 1; n <= 4; n++ {
			for _, proof := range []bool{false, true} {
				s := newSite(t, dbsc.Options{})
				b := newBrowser(s).bound()
				with := ""
				if proof {
					with = b.proof(b.ask(), false)
				}
				sent := b.thief() // the cookies are those of before
				done := false
				sent.site = s.during(n, func() { b.get(path); done = true })
				resp := sent.refresh(with)
				if !done {
					continue // it has fewer commands
				}
				if got := s.store.count(); got != records {
					t.Errorf("%s before command %d: %d records, not %d", path, n, got, records)
				}
				switch {
				case path != "/renew":
					sent.wantEnded(path, resp)
				case proof:
					sent.wantFresh(path, resp)
				default:
					sent.wantChallenge(path, resp)
				}
				want := "anna"
				if path == "/logout" {
					want = ""
				}
				b.wantUser(path, want)
			}
		}
	}
}

// TestEndDuringRegistration: the same for a registration.
func TestEndDuringRegistration(t *testing.T) {
	for path, records := range map[string]int{"/logout": 0, "/renew": 2, "/login": 2} {
		for n := 1; n <= 4; n++ {
			s := newSite(t, dbsc.Options{})
			b := newBrowser(s)
			b.login()
			sent := b.thief()
			done := false
			sent.site = s.during(n, func() { b.get(path); done = true })
			resp := sent.register()
			if !done {
				continue
			}
			if got := s.store.count(); got != records {
				t.Errorf("%s before command %d: %d records, not %d", path, n, got, records)
			}
			if path == "/renew" {
				sent.wantFresh(path, resp)
			} else {
				wantRefused(t, path, resp)
			}
		}
	}
}

// TestRefreshOfSeveralCookies: of several cookies of the session's name a refresh takes the
// one that has the identifier.
func TestRefreshOfSeveralCookies(t *testing.T) {
	s := newSite(t, dbsc.Options{})
	b, other := newBrowser(s).bound(), newBrowser(s).bound()
	cookies := "session=" + other.Cookie("session") + "; session=" + b.Cookie("session")
	send := func(proof string) *http.Response {
		w := send(s, b.known.RefreshURL, map[string]string{"Cookie": cookies, "Sec-Secure-Session-Id": b.known.ID, "Secure-Session-Response": proof})
		return w.Result()
	}
	challenge := b.wantChallenge("a refresh without a proof", send(""))
	b.wantFresh("a proof", send(b.proof(challenge, false)))
	other.refreshed()
	b.wantEnded("another key", send(b.thief().proof(b.ask(), false)))
	b.wantUser("its session", "")
	other.wantUser("the other session", "anna")
}

// TestDownAtEachCommand: the store fails from one of the commands on. The browser is told to try
// again, the log says so, nothing ends, and the same proof is good afterwards.
func TestDownAtEachCommand(t *testing.T) {
	for n := 1; n <= 4; n++ {
		for _, step := range []string{"register", "ask", "proof", "another key"} {
			s := newSite(t, dbsc.Options{})
			b := newBrowser(s)
			b.login()
			send := b.register
			if step != "register" {
				b.registered()
				proof := ""
				switch step {
				case "proof":
					proof = b.proof(b.ask(), false)
				case "another key":
					proof = b.thief().proof(b.ask(), false)
				}
				send = func() *http.Response { return b.refresh(proof) }
			}
			reached := false
			b.site = s.during(n, func() { reached = true; s.store.fail(errors.New("the store is down")) })
			resp, log := send(), b.site.log
			if !reached {
				continue
			}
			if resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Retry-After") == "" || len(resp.Cookies()) > 0 {
				t.Errorf("%s, command %d: status %d, %d cookies", step, n, resp.StatusCode, len(resp.Cookies()))
			}
			if !strings.Contains(log.String(), "level=ERROR") {
				t.Errorf("%s, command %d: the log has %q", step, n, log)
			}
			b.site = s
			s.store.fail(nil)
			b.wantUser(step, "anna")
			switch resp := send(); step {
			case "ask":
				b.wantChallenge(step, resp)
			case "another key":
				b.wantEnded(step, resp)
			default:
				b.wantFresh(step, resp)
			}
		}
	}
}

// TestRecordWithoutRoom: when the key does not fit into the record any more, the log says so, and
// the session stays as it was.
func TestRecordWithoutRoom(t *testing.T) {
	const limit = 2000
	s := newSite(t, dbsc.Options{}, func(o *session.Options) { o.MaxRecordBytes = limit })
	b := newBrowser(s)
	b.login()
	size := 0
	for _, r := range s.store.records {
		size = len(r.data)
	}
	b.Do(s.sessions.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		se, err := s.sessions.Get(r)
		if err != nil {
			t.Error(err)
			return
		}
		se.Set("x", strings.Repeat("x", limit-size-50))
	})), httptest.NewRequest(http.MethodGet, origin+"/", http.NoBody))
	if resp := b.register(); resp.StatusCode != http.StatusServiceUnavailable || len(resp.Cookies()) > 0 {
		t.Errorf("status %d, %d cookies", resp.StatusCode, len(resp.Cookies()))
	}
	if log := s.log.String(); !strings.Contains(log, "level=ERROR") || !strings.Contains(log, "max_record_bytes") {
		t.Errorf("the log has %q", log)
	}
	b.wantUser("afterwards", "anna")
}

// TestDamagedRecord: a record that cannot be read is no session, and where the operator wants
// that to fail, the browser is told to try again.
func TestDamagedRecord(t *testing.T) {
	s := newSite(t, dbsc.Options{})
	b := newBrowser(s).bound()
	s.store.mu.Lock()
	for key, r := range s.store.records {
		r.data = r.data[:60]
		s.store.records[key] = r
	}
	s.store.mu.Unlock()
	b.wantEnded("a damaged record", b.refresh(""))
	b.site = siteOn(t, s.store, dbsc.Options{}, func(o *session.Options) { o.FailOnUndecodable = true })
	if resp := b.refresh(""); resp.StatusCode != http.StatusServiceUnavailable || len(resp.Cookies()) > 0 {
		t.Errorf("a damaged record, FailOnUndecodable: status %d", resp.StatusCode)
	}
}
