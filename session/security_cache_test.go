package session_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/pyramidgo/redissessions/connect/embedded"
	"github.com/pyramidgo/redissessions/factory"
	"github.com/pyramidgo/redissessions/internal/connecttest"
	"github.com/pyramidgo/redissessions/session"
	"github.com/pyramidgo/redissessions/settings"
)

// A cache that keeps all it is allowed to keep, at two paths: as nginx comes,
// and as careless operators have it, who let it store responses with cookies.
const nginxConfig = `
daemon off;
master_process off;
pid nginx.pid;
events {}
http {
	access_log off;
	client_body_temp_path body;
	proxy_temp_path proxy;
	fastcgi_temp_path fastcgi;
	uwsgi_temp_path uwsgi;
	scgi_temp_path scgi;
	proxy_cache_path cache keys_zone=pages:1m use_temp_path=off;
	server {
		listen unix:%[1]s;
		proxy_cache pages;
		proxy_cache_valid any 1h;
		add_header X-Cache $upstream_cache_status always;
		location / {
			proxy_pass http://%[2]s;
		}
		location /careless/ {
			proxy_ignore_headers Set-Cookie;
			proxy_pass http://%[2]s;
		}
	}
}
`

// nginx starts a caching proxy in front of a server and returns how to dial it.
func nginx(t *testing.T, backend string) func(ctx context.Context, network, addr string) (net.Conn, error) {
	t.Helper()
	program := connecttest.Installed(t, "nginx", "/usr/sbin/nginx")
	// The path of a socket may have about 100 bytes; that of t.TempDir is
	// longer. A socket needs no port that might be taken.
	dir, err := os.MkdirTemp("", "nginx")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	socket := filepath.Join(dir, "nginx.sock")
	config := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(config, fmt.Appendf(nil, nginxConfig, socket, backend), 0o600); err != nil {
		t.Fatal(err)
	}
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", socket)
	}
	connecttest.Start(t, dir, func(ctx context.Context) error {
		c, err := dial(ctx, "", "")
		if err == nil {
			err = c.Close()
		}
		return err
	}, program, "-e", "stderr", "-p", dir, "-c", config)
	return dial
}

// cachedSite has a page that is the same for everybody, one that greets the
// visitor, one that logs in whoever the request says, and one that logs out.
func cachedSite(t *testing.T) http.Handler {
	sessions, err := factory.FromSettings(settings.Map{
		"redis.sessions.secret":           testSecret,
		"redis.sessions.url":              "embedded://",
		"redis.sessions.max_record_bytes": 1000,
	}, factory.WithConnector("embedded", embedded.Connect), factory.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sessions.Close() })
	var served atomic.Int64
	with := func(use func(w http.ResponseWriter, r *http.Request, s *session.Session)) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			s, err := sessions.Get(r)
			if err != nil {
				t.Error(err)
				return
			}
			use(w, r, s)
		}
	}
	mux := http.NewServeMux()
	for _, under := range []string{"", "/careless"} {
		mux.HandleFunc(under+"/public", func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, "copy ", served.Add(1))
		})
		mux.HandleFunc(under+"/hello", with(func(w http.ResponseWriter, r *http.Request, s *session.Session) {
			if r.Header.Get("X-Fail") != "" {
				s.Set("large", strings.Repeat("x", 2000)) // the save fails
			}
			name, _ := session.Value[string](s, "name")
			fmt.Fprintf(w, "hello, %q", name)
		}))
		mux.HandleFunc(under+"/login", with(func(w http.ResponseWriter, r *http.Request, s *session.Session) {
			name := r.Header.Get("X-Name")
			s.Set("name", name)
			if err := s.Renew(r.Context()); err != nil {
				t.Error(err)
			}
			fmt.Fprintf(w, "welcome, %q", name)
		}))
		mux.HandleFunc(under+"/logout", func(w http.ResponseWriter, r *http.Request) {
			if err := sessions.Invalidate(r); err != nil {
				t.Error(err)
			}
			fmt.Fprint(w, "goodbye")
		})
	}
	return sessions.Handler(mux)
}

// TestCachingProxy: nobody gets a page or a cookie that was made for another,
// though the proxy keeps what it can.
func TestCachingProxy(t *testing.T) {
	backend := httptest.NewServer(cachedSite(t))
	defer backend.Close()
	transport := &http.Transport{DialContext: nginx(t, strings.TrimPrefix(backend.URL, "http://"))}
	defer transport.CloseIdleConnections()

	for _, under := range []string{"", "/careless"} {
		t.Run("location "+under+"/", func(t *testing.T) {
			client := func() *http.Client {
				jar, err := cookiejar.New(nil)
				if err != nil {
					t.Fatal(err)
				}
				return &http.Client{Transport: transport, Jar: jar}
			}
			get := func(c *http.Client, path string, header ...string) (resp *http.Response, body string) {
				t.Helper()
				r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://site.test"+under+path, nil)
				if err != nil {
					t.Fatal(err)
				}
				if len(header) > 0 {
					r.Header.Set(header[0], header[1])
				}
				if resp, err = c.Do(r); err != nil {
					t.Fatal(err)
				}
				defer resp.Body.Close()
				b, err := io.ReadAll(resp.Body)
				if err != nil {
					t.Fatal(err)
				}
				return resp, string(b)
			}
			want := func(c *http.Client, path, body, cache string, header ...string) *http.Response {
				t.Helper()
				resp, got := get(c, path, header...)
				if got != body || resp.Header.Get("X-Cache") != cache {
					t.Errorf("%s: %q (%s), want %q (%s)", path, got, resp.Header.Get("X-Cache"), body, cache)
				}
				return resp
			}
			ada, grace, nobody := client(), client(), client()

			_, first := get(ada, "/public")
			want(grace, "/public", first, "HIT") // it does cache

			adas := want(ada, "/login", `welcome, "Ada"`, "MISS", "X-Name", "Ada")
			graces := want(grace, "/login", `welcome, "Grace"`, "MISS", "X-Name", "Grace")
			if a, g := adas.Cookies(), graces.Cookies(); len(a) != 1 || len(g) != 1 || a[0].Value == g[0].Value {
				t.Fatalf("cookies %v and %v", a, g)
			}
			want(ada, "/hello", "Internal Server Error\n", "MISS", "X-Fail", "yes")
			want(ada, "/hello", `hello, "Ada"`, "MISS")
			want(grace, "/hello", `hello, "Grace"`, "MISS")
			want(nobody, "/hello", `hello, ""`, "MISS")
			want(ada, "/hello", `hello, "Ada"`, "HIT")
			want(grace, "/hello", `hello, "Grace"`, "HIT")
			want(nobody, "/hello", `hello, ""`, "HIT")

			if c := want(ada, "/logout", "goodbye", "MISS").Cookies(); len(c) != 1 || c[0].MaxAge >= 0 {
				t.Errorf("the cookie is not deleted: %v", c)
			}
			want(ada, "/hello", `hello, ""`, "HIT") // the page of those without a cookie
			if c := want(grace, "/logout", "goodbye", "MISS").Cookies(); len(c) != 1 {
				t.Error("Grace's logout came from the cache")
			}
		})
	}
}
