package session_test

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pyramidgo/redissessions/connect"
	"github.com/pyramidgo/redissessions/connect/goredis"
	"github.com/pyramidgo/redissessions/connect/redigo"
	"github.com/pyramidgo/redissessions/internal/connecttest"
	"github.com/pyramidgo/redissessions/session"
)

var writeWire = flag.Bool("write-wire", false, "write testdata/wire instead of comparing with it: only where a change of the commands is meant")

// TestWireWithoutUsers compares every command that is sent without Options.Users with what
// was sent before there were sessions by user, byte for byte. testdata/wire was recorded by
// this test with the version before them, and again since, without Options.Users, when a load
// began to read the time to live of a session with a timeout of its own (GET and PTTL in place
// of GETEX and the restart). Only a record's revision, which is random, is left out.
func TestWireWithoutUsers(t *testing.T) {
	for name, open := range map[string]connect.Func{"goredis": goredis.Connect, "redigo": redigo.Connect} {
		for format, formatName := range map[session.Format]string{
			session.FormatNative: "native", session.FormatPyramidRedisSessions: "pyramid_redis_sessions", session.FormatPyramidSessionRedis: "pyramid_session_redis",
		} {
			t.Run(name+"/"+formatName, func(t *testing.T) {
				proxy := connecttest.Proxy(t, connecttest.RedisServer(t).Addr())
				synctest.Test(t, func(t *testing.T) { // its clock begins with the year 2000
					store, err := open(t.Context(), connect.Options{URL: proxy.URL(), LazyConnect: true, GuardedSave: connect.GuardedSaveScript})
					if err != nil {
						t.Fatal(err)
					}
					defer func() { _ = store.Close() }()
					wireTraffic(t, store, format)
				})
				var lines []string
				for _, c := range proxy.Commands() {
					lines = append(lines, wireLine(c))
				}
				golden := filepath.Join("testdata", "wire", name+"-"+formatName+".txt")
				if *writeWire {
					if err := os.WriteFile(golden, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
						t.Fatal(err)
					}
					return
				}
				want, err := os.ReadFile(golden)
				if err != nil {
					t.Fatal(err)
				}
				wanted := strings.Split(strings.TrimSuffix(string(want), "\n"), "\n")
				if len(lines) < 40 || len(lines) != len(wanted) {
					t.Errorf("%d commands, want %d", len(lines), len(wanted))
				}
				for i := range min(len(lines), len(wanted)) {
					if lines[i] != wanted[i] {
						t.Fatalf("command %d:\n%s, want\n%s", i, lines[i], wanted[i])
					}
				}
			})
		}
	}
}

// wireTraffic is what visitors do who never log in.
func wireTraffic(t *testing.T, store session.Store, format session.Format) {
	ctx, ids := context.Background(), 0
	for i, edit := range []func(o *session.Options){
		func(*session.Options) {},
		func(o *session.Options) { o.TouchAfter = time.Minute },
		func(o *session.Options) { o.AbsoluteTimeout = time.Hour },
	} {
		f := newTestFactory(t, store, func(o *session.Options) {
			o.Secret, o.Signer, o.Format = "", wireSigner{}, format
			o.NewID = func() (string, error) { ids++; return fmt.Sprintf("wire-%d-%03d", i, ids), nil }
			edit(o)
		})
		v := newVisitor(t, f)
		visit := func(use func(s *session.Session)) *http.Response { return v.visit(use) }
		visit(func(s *session.Session) { s.Get("a") })
		old := visit(func(s *session.Session) { s.Set("a", 1); s.Set("list", []any{"x", 2}) }).Cookies()
		visit(func(s *session.Session) { s.Get("a") })
		visit(func(s *session.Session) { s.Set("a", 2); s.Flash("", "hello") })
		visit(func(s *session.Session) { s.PopFlash(""); s.Delete("list") })
		visit(func(s *session.Session) { _ = s.Renew(ctx) })
		visit(func(s *session.Session) { s.Set("a", 3); _ = s.Renew(ctx) })
		late := newVisitor(t, f)
		late.keep(old...)
		late.visit(func(s *session.Session) { s.Get("a") })
		visit(func(s *session.Session) { s.AdjustTimeout(time.Hour) })
		visit(func(s *session.Session) { s.Get("a") })
		visit(func(s *session.Session) { s.Remember(24 * time.Hour) })
		visit(func(s *session.Session) { _ = s.Touch(ctx) })
		visit(func(s *session.Session) { s.Clear() })
		visit(func(s *session.Session) { s.Set("a", 4) })
		visit(func(s *session.Session) { _ = s.Invalidate(ctx) })
		visit(func(s *session.Session) { s.Set("a", 5) })
		v.serve(func(_ http.ResponseWriter, r *http.Request) { _ = f.Invalidate(r) })
		if err := f.Ping(ctx); err != nil {
			t.Error(err)
		}
	}
}

type wireSigner struct{}

func (wireSigner) Sign(id string) (string, error)      { return id, nil }
func (wireSigner) Verify(value string) (string, error) { return value, nil }

// wireLine prints a command without the revision of native records, 8 bytes behind the 4
// of their magic, version and kind.
func wireLine(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		if len(w) >= 12 && strings.HasPrefix(w, "rs\x01") {
			w = w[:4] + strings.Repeat("?", 8) + w[12:]
		}
		quoted[i] = strconv.Quote(w)
	}
	return strings.Join(quoted, " ")
}
