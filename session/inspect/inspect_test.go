package inspect_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pyramidgo/redissessions/connect"
	"github.com/pyramidgo/redissessions/connect/goredis"
	"github.com/pyramidgo/redissessions/encode"
	"github.com/pyramidgo/redissessions/internal/connecttest"
	"github.com/pyramidgo/redissessions/internal/visitor"
	"github.com/pyramidgo/redissessions/session"
	"github.com/pyramidgo/redissessions/session/inspect"
)

const secret = "hunter2-a-secret-of-a-test-hunter2"

// shop is an application with sessions, and an inspector of them.
type shop struct {
	*inspect.Inspector
	t     *testing.T
	store session.Store
	f     *session.Factory
	ids   []string
}

func newShop(t *testing.T, o session.Options) *shop {
	t.Helper()
	store, err := goredis.Connect(t.Context(), connect.Options{URL: connecttest.RedisServer(t).URL(), SocketTimeout: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	return shopAt(t, store, o)
}

func shopAt(t *testing.T, store session.Store, o session.Options) *shop {
	t.Helper()
	o.Secret, o.Users = secret, &session.UserOptions{}
	f, err := session.NewFactory(store, &o)
	if err != nil {
		t.Fatal(err)
	}
	i, err := inspect.New(&o)
	if err != nil {
		t.Fatal(err)
	}
	return &shop{Inspector: i, t: t, store: store, f: f}
}

// visit calls handle with the session of a visitor.
func (s *shop) visit(v *visitor.Visitor, handle func(ctx context.Context, sess *session.Session)) {
	s.t.Helper()
	_ = v.Get(s.f.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		sess, err := session.FromRequest(r)
		if err != nil {
			s.t.Error(err)
			return
		}
		handle(r.Context(), sess)
	})), "/")
	_ = v.Get(s.f.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if sess, err := session.FromRequest(r); err == nil && sess.ID() != "" {
			s.ids = append(s.ids, sess.ID())
		}
	})), "/")
}

// login is a visitor who has logged in, and the key of the session.
func (s *shop) login(user string) (*visitor.Visitor, string) {
	s.t.Helper()
	v := visitor.New(s.t)
	s.visit(v, func(ctx context.Context, sess *session.Session) {
		sess.Set("basket", "a book")
		if err := sess.Login(ctx, user); err != nil {
			s.t.Error(err)
		}
	})
	key, n, err := s.Cookie(v.Cookie("session"))
	if err != nil || n != 0 {
		s.t.Fatal(n, err)
	}
	return v, key
}

func (s *shop) here(v *visitor.Visitor) (here bool) {
	s.visit(v, func(_ context.Context, sess *session.Session) { here = sess.Has("basket") })
	return here
}

func formats(t *testing.T, test func(t *testing.T, o session.Options)) {
	for _, f := range []session.Format{session.FormatNative, session.FormatPyramidRedisSessions, session.FormatPyramidSessionRedis} {
		t.Run(f.String(), func(t *testing.T) { test(t, session.Options{Format: f}) })
	}
}

// TestDescribe: what a record says, and no ID in it.
func TestDescribe(t *testing.T) {
	formats(t, func(t *testing.T, o session.Options) {
		o.AbsoluteTimeout = time.Hour
		s := newShop(t, o)
		_, key := s.login("alice")
		rec, err := s.store.Load(t.Context(), key, 0)
		if err != nil {
			t.Fatal(err)
		}
		front := rec
		if n := s.Front(); n >= 0 {
			front = rec[:min(n, len(rec))]
		}
		now := time.Now()
		r := s.Describe(session.ScannedKey{Key: key, Front: front, Size: len(rec), TTL: time.Minute}, now)
		if r.Kind != inspect.Live || r.Why != "" || r.Size != len(rec) || !r.Indexed || r.LoggedIn.IsZero() || r.Ends.After(now.Add(time.Minute)) {
			t.Errorf("%+v", r)
		}
		if r = s.Describe(session.ScannedKey{Key: key, Front: front, Size: len(rec)}, now.Add(2*time.Hour)); !strings.Contains(r.Why, "absolute_timeout") {
			t.Errorf("after two hours: %+v", r)
		}
		c := s.Read(key, rec, time.Minute, now)
		if c.User != "alice" || len(c.Values) < 2 {
			t.Errorf("%+v", c)
		}
		for _, text := range []string{fmt.Sprintf("%+v", r), fmt.Sprintf("%+v", c), fmt.Sprintf("%+v", s.Inspector), fmt.Sprintf("%#v", *s.Inspector)} {
			for _, hidden := range append(s.ids, secret) {
				if strings.Contains(text, hidden) {
					t.Errorf("it prints %q: %s", hidden, text)
				}
			}
		}
		if handle := s.Handle(key); len(handle) != 64 || o.Format == session.FormatNative && s.Key(handle) != key || o.Format != session.FormatNative && s.Key(handle) != "" {
			t.Errorf("the handle of the key is %q, and its key %q", handle, s.Key(handle))
		}
	})
}

// TestDescribeDamaged: any bytes at any key are described, and no front is too short.
func TestDescribeDamaged(t *testing.T) {
	formats(t, func(t *testing.T, o session.Options) {
		s := newShop(t, o)
		_, key := s.login("alice")
		rec, err := s.store.Load(t.Context(), key, 0)
		if err != nil {
			t.Fatal(err)
		}
		for n := range rec {
			cut := rec[:n]
			r := s.Describe(session.ScannedKey{Key: key, Front: cut, Size: n}, time.Now())
			c := s.Read(key, cut, 0, time.Now())
			if r.Kind == inspect.Live && n < 52 || c.Kind == inspect.Unknown && c.Why == "" {
				t.Errorf("cut to %d bytes it is %+v", n, c)
			}
		}
		for _, other := range []string{"", "session:", "session:u:0123", key + "0", key[:len(key)-1], strings.ToUpper(key)} {
			s.Describe(session.ScannedKey{Key: other, Front: rec, Size: len(rec)}, time.Now())
			if o.Format == session.FormatNative && s.Handle(other) != "" {
				t.Errorf("%q has a handle", other)
			}
		}
	})
}

// TestEnd: the session is gone with its entry; another one is not; again, there is none.
func TestEnd(t *testing.T) {
	formats(t, func(t *testing.T, o session.Options) {
		s := newShop(t, o)
		v, key := s.login("alice")
		other, _ := s.login("alice")
		if done, err := s.End(t.Context(), s.store, key); !done || err != nil {
			t.Fatal(done, err)
		}
		if s.here(v) || !s.here(other) {
			t.Error("another session was ended")
		}
		if keys, err := s.Keys(t.Context(), s.store, "alice"); err != nil || len(keys) != 1 {
			t.Errorf("%d entries are left: %v", len(keys), err)
		}
		if done, err := s.End(t.Context(), s.store, key); done || err != nil {
			t.Error(done, err)
		}
	})
}

// TestEndFollowsARenewal: by the handle from before a renewal the session is ended, and
// also while requests renew it.
func TestEndFollowsARenewal(t *testing.T) {
	s := newShop(t, session.Options{})
	v, key := s.login("alice")
	s.visit(v, func(ctx context.Context, sess *session.Session) {
		if err := sess.Renew(ctx); err != nil {
			t.Error(err)
		}
	})
	if done, err := s.End(t.Context(), s.store, key); !done || err != nil || s.here(v) {
		t.Fatal(done, err)
	}
	for range 30 {
		v, key := s.login("bob")
		renewed := make(chan struct{})
		go func() {
			defer close(renewed)
			for range 3 {
				_ = v.Get(s.f.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
					if sess, err := session.FromRequest(r); err == nil {
						_ = sess.Renew(r.Context()) // ErrGone, once it has ended
					}
				})), "/")
			}
		}()
		if _, err := s.End(t.Context(), s.store, key); err != nil {
			t.Fatal(err)
		}
		<-renewed
		if s.here(v) {
			t.Fatal("a session that was ended while it was renewed is there")
		}
	}
}

// TestEndLeavesWhatIsNoSession: in the Pyramid formats any key may be another program's.
func TestEndLeavesWhatIsNoSession(t *testing.T) {
	formats(t, func(t *testing.T, o session.Options) {
		s := newShop(t, o)
		_, key := s.login("alice")
		native := o.Format == session.FormatNative
		damaged := "a record that is none of ours at all"
		if err := errors.Join(s.store.Delete(t.Context(), key), s.store.Create(t.Context(), key, []byte(damaged), time.Hour)); err != nil {
			t.Fatal(err)
		}
		done, err := s.End(t.Context(), s.store, key)
		if done != native || errors.Is(err, session.ErrUndecodable) == native {
			t.Error(done, err)
		}
		if _, err := s.store.Load(t.Context(), key, 0); errors.Is(err, session.ErrNotFound) != native {
			t.Error(err)
		}
	})
}

// TestRecordBesideItsKey: a large record that a save has written beside its key, and whose
// connection broke then, is no session.
func TestRecordBesideItsKey(t *testing.T) {
	s := newShop(t, session.Options{})
	_, key := s.login("alice")
	rec, err := s.store.Load(t.Context(), key, 0)
	if err != nil {
		t.Fatal(err)
	}
	beside := session.ScannedKey{Key: key + ":next:" + rand.Text(), Front: rec, Size: len(rec), TTL: time.Second}
	if r := s.Describe(beside, time.Now()); r.Kind != inspect.NoSession {
		t.Errorf("it is described as %q", r.Kind)
	}
	if r := s.Describe(session.ScannedKey{Key: key, Front: rec, Size: len(rec)}, time.Now()); r.Kind != inspect.Live {
		t.Errorf("at its key it is %q", r.Kind)
	}
	if err := s.store.Create(t.Context(), beside.Key, rec, time.Minute); err != nil {
		t.Fatal(err)
	}
	if done, _ := s.End(t.Context(), s.store, beside.Key); done {
		t.Error("it was ended as a session")
	}
	if done, _ := s.Index(t.Context(), s.store, beside, time.Now()); done {
		t.Error("it was entered into the index of its user")
	}
}

// TestCookie: which secret has signed it, and cookies of another format.
func TestCookie(t *testing.T) {
	s := newShop(t, session.Options{})
	v, key := s.login("alice")
	value := v.Cookie("session")
	later, err := inspect.New(&session.Options{Secret: "another-secret-of-the-test-hunter2", PreviousSecrets: session.Secrets{"a third one, of the same test", secret}})
	if err != nil {
		t.Fatal(err)
	}
	if at, n, err := later.Cookie(value); at != key || n != 2 || err != nil {
		t.Error(n, err)
	}
	pyramid, err := inspect.New(&session.Options{Secret: secret, Format: session.FormatPyramidRedisSessions})
	if err != nil {
		t.Fatal(err)
	}
	foreign := (*inspect.ForeignCookie)(nil)
	if _, _, err := pyramid.Cookie(value); !errors.As(err, &foreign) || foreign.Format != session.FormatNative || !errors.Is(err, inspect.ErrCookie) {
		t.Error(err)
	}
	for _, bad := range []string{"", "x", value + "x", value[1:], strings.Repeat("A", 5000)} {
		if _, _, err := s.Cookie(bad); !errors.Is(err, inspect.ErrCookie) || bad != "" && len(bad) > 1 && strings.Contains(err.Error(), bad) {
			t.Errorf("%.80q: %v", bad, err)
		}
	}
}

// TestIndex puts sessions into an index that was lost, and those from before there was
// one; a record without a login is left out.
func TestIndex(t *testing.T) {
	formats(t, func(t *testing.T, o session.Options) {
		s := newShop(t, o)
		v, key := s.login("alice")
		if err := s.store.Delete(t.Context(), s.UserKey("alice")); err != nil {
			t.Fatal(err)
		}
		rec, left, err := s.store.(session.TTLLoader).LoadTTL(t.Context(), key)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			done, err := s.Index(t.Context(), s.store, session.ScannedKey{Key: key, Front: rec, Size: len(rec), TTL: left}, time.Now())
			if !done || err != nil {
				t.Fatal(done, err)
			}
		}
		if infos, err := s.f.Sessions(t.Context(), "alice"); err != nil || len(infos) != 1 {
			t.Errorf("%d sessions are listed: %v", len(infos), err)
		}
		if n, err := s.f.EndAll(t.Context(), "alice"); n != 1 || err != nil || s.here(v) {
			t.Error(n, err)
		}
	})
}

// TestConvertLeavesAChange: a session that a request has changed since it was read stays
// as it is; untouched, it is read by the other settings, with its time to live.
func TestConvertLeavesAChange(t *testing.T) {
	s := newShop(t, session.Options{})
	v, key := s.login("alice")
	to := shopAt(t, s.store, session.Options{Codec: encode.JSON})
	read := func() session.ScannedKey {
		rec, left, err := s.store.(session.TTLLoader).LoadTTL(t.Context(), key)
		if err != nil {
			t.Fatal(err)
		}
		return session.ScannedKey{Key: key, Front: rec, Size: len(rec), TTL: left}
	}
	c, err := s.Convert(read(), to.Inspector, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	s.visit(v, func(_ context.Context, sess *session.Session) { sess.Set("basket", "two books") })
	if done, err := c.Store(t.Context(), s.store); done || err != nil {
		t.Fatal(done, err)
	}
	k := read()
	if c, err = s.Convert(k, to.Inspector, time.Now()); err != nil {
		t.Fatal(err)
	}
	if done, err := c.Store(t.Context(), s.store); !done || err != nil {
		t.Fatal(done, err)
	}
	after := to.Read(key, read().Front, read().TTL, time.Now())
	if after.Codec != "json" || after.User != "alice" || after.IdleLeft > k.TTL || after.IdleLeft < k.TTL/2 {
		t.Errorf("%+v", after)
	}
	if !to.here(v) {
		t.Error("the visitor is logged out")
	}
}
