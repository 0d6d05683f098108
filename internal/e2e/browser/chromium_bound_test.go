package browser_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"github.com/pyramidgo/redissessions/factory"
	"github.com/pyramidgo/redissessions/internal/connecttest"
	"github.com/pyramidgo/redissessions/session"
	"github.com/pyramidgo/redissessions/settings"
)

// boundSite is a site whose sessions are bound to their browser. It can be restarted at the
// same address, and notes what it has answered.
type boundSite struct {
	t        *testing.T
	settings settings.Map
	addr     string
	server   *httptest.Server
	sessions *session.Factory

	mu   sync.Mutex
	seen []exchange
	more chan struct{} // closed by the next exchange
}

// exchange is what the site was asked and has answered.
type exchange struct {
	path, answer string
	code         int
	thief        bool
}

// thiefHeader marks the requests of the test's own client.
const thiefHeader = "X-Thief"

func (s *boundSite) start() {
	s.t.Helper()
	var err error
	if s.sessions, err = factory.FromSettings(s.settings, factory.WithLogger(slog.New(slog.DiscardHandler))); err != nil {
		s.t.Fatal(err)
	}
	s.server = httptest.NewUnstartedServer(s.noted(s.sessions.Handler(s.pages())))
	if s.addr != "" {
		s.server.Listener.Close()
		if s.server.Listener, err = net.Listen("tcp", s.addr); err != nil {
			s.t.Fatal(err)
		}
	}
	s.addr = s.server.Listener.Addr().String()
	s.server.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.server.StartTLS()
}

func (s *boundSite) stop() {
	s.server.CloseClientConnections()
	s.server.Close()
	if err := s.sessions.Close(); err != nil {
		s.t.Error(err)
	}
}

// pages are a login, and a page that goes on asking who is logged in.
func (s *boundSite) pages() http.Handler {
	mux := http.NewServeMux()
	page := func(path string, use func(w http.ResponseWriter, r *http.Request, s *session.Session)) {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			if found, err := session.FromRequest(r); err == nil {
				use(w, r, found)
			}
		})
	}
	const asking = `<!doctype html><title>bound</title><p id="who">%s</p><script>
		setInterval(async () => { document.title = await (await fetch("/who")).text() }, 400)</script>`
	page("/login", func(w http.ResponseWriter, r *http.Request, s *session.Session) {
		if s.Login(r.Context(), "anna") == nil {
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprintf(w, asking, s.User())
		}
	})
	mux.HandleFunc("/elsewhere", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(w, `<!doctype html><a href="https://app.example.test%s/login">log in</a>`, r.Host[strings.LastIndex(r.Host, ":"):])
	})
	html := func(path, text string) {
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprint(w, text)
		})
	}
	html("/form", `<!doctype html><form method="post" action="/posted"><button>log in</button></form>`)
	html("/script", `<!doctype html><button onclick="fetch('/posted', {method: 'POST'}).then(() => location = '/page')">log in</button>`)
	page("/posted", func(w http.ResponseWriter, r *http.Request, s *session.Session) {
		if s.Login(r.Context(), "anna") == nil {
			http.Redirect(w, r, "/page", http.StatusSeeOther)
		}
	})
	page("/page", func(w http.ResponseWriter, _ *http.Request, s *session.Session) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(w, asking, s.User())
	})
	page("/who", func(w http.ResponseWriter, _ *http.Request, s *session.Session) { fmt.Fprint(w, s.User()) })
	page("/another", func(w http.ResponseWriter, r *http.Request, s *session.Session) {
		if s.Invalidate(r.Context()) == nil && s.Login(r.Context(), "anna") == nil {
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprintf(w, asking, s.User())
		}
	})
	page("/logout", func(_ http.ResponseWriter, r *http.Request, s *session.Session) { _ = s.Invalidate(r.Context()) })
	return mux
}

// noted notes each exchange.
func (s *boundSite) noted(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec := httptest.NewRecorder()
		next.ServeHTTP(rec, r)
		for name, values := range rec.Header() {
			w.Header()[name] = values
		}
		w.WriteHeader(rec.Code)
		_, _ = w.Write(rec.Body.Bytes())
		s.mu.Lock()
		defer s.mu.Unlock()
		s.seen = append(s.seen, exchange{r.URL.Path, rec.Body.String(), rec.Code, r.Header.Get(thiefHeader) != ""})
		if s.more != nil {
			close(s.more)
			s.more = nil
		}
	})
}

// await waits for n more exchanges of the browser's with a path and a status, and fails the
// test if the site has told it meanwhile that another or nobody is logged in.
func (s *boundSite) await(what, path string, code, n int) {
	s.t.Helper()
	limited, cancel := context.WithTimeout(s.t.Context(), patience)
	defer cancel()
	s.mu.Lock()
	defer s.mu.Unlock()
	from := len(s.seen)
	for n > 0 {
		for ; from < len(s.seen); from++ {
			e := s.seen[from]
			switch {
			case e.thief:
			case e.path == "/who" && e.answer != "anna":
				s.t.Fatalf("%s: the browser is told that %q is logged in; before: %v", what, e.answer, s.seen[max(0, from-10):from+1])
			case e.path == path && e.code == code:
				n--
			}
		}
		if n <= 0 {
			return
		}
		if s.more == nil {
			s.more = make(chan struct{})
		}
		more := s.more
		s.mu.Unlock()
		select {
		case <-more:
		case <-limited.Done():
		}
		s.mu.Lock()
		if limited.Err() != nil {
			s.t.Fatalf("%s: %d exchanges with %s %d are missing; the last: %v", what, n, path, code, s.seen[max(0, len(s.seen)-10):])
		}
	}
}

// count is how many exchanges of the browser's there were below a path.
func (s *boundSite) count(below string) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.seen {
		if strings.HasPrefix(e.path, below) && !e.thief {
			n++
		}
	}
	return n
}

// boundChromium starts a browser that binds sessions, by keys in software, with a profile.
// Without the quota it refreshes as often as a bound cookie of seconds needs. It trusts the
// site's certificate by its key: where it ignores a certificate, it does not bind.
func boundChromium(t *testing.T, dir string, site *boundSite) (b tab, end func()) {
	t.Helper()
	pin := sha256.Sum256(site.server.Certificate().RawSubjectPublicKeyInfo)
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(connecttest.Installed(t, "chromium", "chromium-browser", "google-chrome")),
		chromedp.UserDataDir(dir),
		chromedp.WSURLReadTimeout(patience),
		chromedp.NoSandbox,
		chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("enable-features", "DeviceBoundSessions:RefreshQuota/false,EnableBoundSessionCredentialsSoftwareKeysForManualTesting"),
		chromedp.Flag("ignore-certificate-errors-spki-list", base64.StdEncoding.EncodeToString(pin[:])),
		chromedp.Flag("host-resolver-rules", "MAP *.test 127.0.0.1"),
	)
	limited, cancel := context.WithTimeout(context.Background(), patience)
	allocator, endAllocator := chromedp.NewExecAllocator(limited, options...)
	ctx, closeTab := chromedp.NewContext(allocator)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatal(err)
	}
	end = sync.OnceFunc(func() {
		if err := chromedp.Cancel(ctx); err != nil { // closes it in good order: its cookies stay
			t.Log(err)
		}
		closeTab()
		endAllocator()
		cancel()
	})
	t.Cleanup(end)
	return tab{t, ctx}, end
}

// TestDeviceBound: a browser binds its session and keeps it by itself, through pages and
// fetches, a restart of the server and one of the browser. Its cookies in another client
// open nothing after their seconds, and get no fresh ones.
func TestDeviceBound(t *testing.T) {
	redis := connecttest.RedisServer(t)
	site := &boundSite{t: t, settings: settings.Map{
		"redis.sessions.secret":               "a secret for tests, of more than 32 bytes",
		"redis.sessions.url":                  redis.URL(),
		"redis.sessions.cookie_name":          "__Host-Http-site",
		"redis.sessions.cookie_secure":        "true",
		"redis.sessions.cookie_max_age":       "1h",
		"redis.sessions.device_bound":         "required",
		"redis.sessions.device_bound_refresh": "3s",
	}}
	site.start()
	t.Cleanup(func() { site.stop() })
	dir := profile(t)
	b, end := boundChromium(t, dir, site)
	home := urlAt("https", "app.example.test", site.addr)

	b.do("log in", chromedp.Navigate(home+"/login"))
	site.await("a refresh", "/.session/refresh", http.StatusOK, 3)
	if n := site.count("/.session/register"); n != 1 {
		t.Errorf("%d registrations", n)
	}
	b.do("another page", chromedp.Navigate(home+"/page"))
	second := b.newTab()
	second.do("another tab", chromedp.Navigate(home+"/page"))
	site.await("two tabs", "/who", http.StatusOK, 20)

	thief := &thief{t: t, site: site, client: site.server.Client(), cookies: b.cookies(home + "/")}
	if len(thief.cookies) != 2 {
		t.Fatalf("%d cookies", len(thief.cookies))
	}
	for thief.who() != "" { // for as long as the stolen bound cookie is good
		site.await("while the thief tries", "/who", http.StatusOK, 1)
	}
	site.await("after the theft", "/.session/refresh", http.StatusOK, 2)
	id := thief.identifier()
	resp := thief.post("/.session/refresh", map[string]string{"Sec-Secure-Session-Id": id})
	if resp.StatusCode != http.StatusForbidden || len(resp.Cookies()) > 0 {
		t.Errorf("a thief's refresh: %d, %d cookies", resp.StatusCode, len(resp.Cookies()))
	}
	site.await("after the thief's refresh", "/.session/refresh", http.StatusOK, 2)

	site.stop()
	site.start()
	site.await("after a restart of the server", "/.session/refresh", http.StatusOK, 2)

	end()
	b, _ = boundChromium(t, dir, site)
	b.do("a restart of the browser", chromedp.Navigate(home+"/page"))
	site.await("after a restart of the browser", "/.session/refresh", http.StatusOK, 2)
	b.wants("anna")

	challenge, _, _ := strings.Cut(strings.TrimPrefix(resp.Header.Get("Secure-Session-Challenge"), `"`), `"`)
	forged := thief.forge(id, challenge)
	if !strings.Contains(forged, `"continue":false`) {
		t.Errorf("a proof by another key: %s", forged)
	}
	b.do("after a proof by another key", chromedp.Navigate(home+"/page"))
	b.wantsNot("anna")
}

// TestDeviceBoundLogout: a second login binds anew, also in the response of a logout, which deletes the
// bound cookie; and after a logout the browser has neither cookie and asks for no more.
func TestDeviceBoundLogout(t *testing.T) {
	redis := connecttest.RedisServer(t)
	site := &boundSite{t: t, settings: settings.Map{
		"redis.sessions.secret":               "a secret for tests, of more than 32 bytes",
		"redis.sessions.url":                  redis.URL(),
		"redis.sessions.device_bound":         "on",
		"redis.sessions.device_bound_refresh": "3s",
	}}
	site.start()
	t.Cleanup(func() { site.stop() })
	b, _ := boundChromium(t, profile(t), site)
	home := urlAt("https", "app.example.test", site.addr)
	b.do("log in", chromedp.Navigate(home+"/login"))
	site.await("a refresh", "/.session/refresh", http.StatusOK, 1)
	b.do("log in while logged in", chromedp.Navigate(home+"/login"))
	site.await("a refresh of the second binding", "/.session/refresh", http.StatusOK, 3)
	if n := site.count("/.session/register"); n != 2 {
		t.Errorf("%d registrations by two logins", n)
	}
	b.do("log out and in with one response", chromedp.Navigate(home+"/another"))
	site.await("a refresh of the third binding", "/.session/refresh", http.StatusOK, 3)
	if n := site.count("/.session/register"); n != 3 {
		t.Errorf("%d registrations by three logins", n)
	}
	b.do("log out", chromedp.Navigate(home+"/logout"))
	if left := b.cookies(home + "/"); len(left) > 0 {
		t.Errorf("%d cookies are left", len(left))
	}
	b.do("log in afterwards", chromedp.Navigate(home+"/login"))
	site.await("a refresh after the second login", "/.session/refresh", http.StatusOK, 2)
}

// TestDeviceBoundRedirect: the browser registers also by a login that is answered by a redirect,
// of a form and of a script.
func TestDeviceBoundRedirect(t *testing.T) {
	redis := connecttest.RedisServer(t)
	for _, from := range []string{"/form", "/script"} {
		site := &boundSite{t: t, settings: settings.Map{
			"redis.sessions.secret":               "a secret for tests, of more than 32 bytes",
			"redis.sessions.url":                  redis.URL(),
			"redis.sessions.device_bound":         "on",
			"redis.sessions.device_bound_refresh": "3s",
		}}
		site.start()
		t.Cleanup(func() { site.stop() })
		b, _ := boundChromium(t, profile(t), site)
		b.do("the login", chromedp.Navigate(urlAt("https", "app.example.test", site.addr)+from))
		b.do("log in", chromedp.Click(chromedp.CSS("button")))
		site.await("refreshes", "/.session/refresh", http.StatusOK, 3)
		if n := site.count("/.session/register"); n != 1 {
			t.Errorf("%s: %d registrations", from, n)
		}
	}
}

// TestDeviceBoundCrossSite: the browser registers also where another site has begun the
// navigation to the login: it then leaves out the session's cookie, which has SameSite.
func TestDeviceBoundCrossSite(t *testing.T) {
	redis := connecttest.RedisServer(t)
	site := &boundSite{t: t, settings: settings.Map{
		"redis.sessions.secret":               "a secret for tests, of more than 32 bytes",
		"redis.sessions.url":                  redis.URL(),
		"redis.sessions.device_bound":         "on",
		"redis.sessions.device_bound_refresh": "3s",
	}}
	site.start()
	t.Cleanup(func() { site.stop() })
	b, _ := boundChromium(t, profile(t), site)
	b.do("another site", chromedp.Navigate(urlAt("https", "elsewhere.test", site.addr)+"/elsewhere"))
	b.do("a link to the login", chromedp.Click(chromedp.CSS("a")))
	site.await("refreshes", "/.session/refresh", http.StatusOK, 3)
	if n := site.count("/.session/register"); n != 1 {
		t.Errorf("%d registrations", n)
	}
}

// TestDeviceBoundWithout: a browser that does not bind sessions works as it did.
func TestDeviceBoundWithout(t *testing.T) {
	redis := connecttest.RedisServer(t)
	site := &boundSite{t: t, settings: settings.Map{
		"redis.sessions.secret":               "a secret for tests, of more than 32 bytes",
		"redis.sessions.url":                  redis.URL(),
		"redis.sessions.device_bound":         "on",
		"redis.sessions.device_bound_refresh": "1s",
	}}
	site.start()
	t.Cleanup(func() { site.stop() })
	b := tab{t, chromium(t)}
	home := urlAt("https", "app.example.test", site.addr)
	b.do("log in", chromedp.Navigate(home+"/login"))
	site.await("fetches", "/who", http.StatusOK, 12)
	b.do("another page", chromedp.Navigate(home+"/page"))
	b.wants("anna")
	if n := site.count("/.session"); n != 0 || len(b.cookies(home+"/")) != 1 {
		t.Errorf("%d requests below device_bound_path, %d cookies", n, len(b.cookies(home+"/")))
	}
}

// thief is another client with a browser's cookies.
type thief struct {
	t       *testing.T
	site    *boundSite
	client  *http.Client
	cookies []*network.Cookie
}

func (f *thief) do(method, path string, headers map[string]string) *http.Response {
	f.t.Helper()
	r, err := http.NewRequestWithContext(f.t.Context(), method, "https://"+f.site.addr+path, http.NoBody)
	if err != nil {
		f.t.Fatal(err)
	}
	r.Header.Set(thiefHeader, "1")
	for name, value := range headers {
		r.Header.Set(name, value)
	}
	for _, c := range f.cookies {
		r.AddCookie(&http.Cookie{Name: c.Name, Value: c.Value})
	}
	resp, err := f.client.Do(r)
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() { resp.Body.Close() })
	return resp
}

func (f *thief) post(path string, headers map[string]string) *http.Response {
	f.t.Helper()
	return f.do(http.MethodPost, path, headers)
}

func (f *thief) text(resp *http.Response) string {
	f.t.Helper()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		f.t.Fatal(err)
	}
	return string(b)
}

// who is who is logged in, as far as the thief is told.
func (f *thief) who() string {
	f.t.Helper()
	return f.text(f.do(http.MethodGet, "/who", nil))
}

// identifier is the session_identifier, which is no secret: the site has sent it to the
// browser.
func (f *thief) identifier() string {
	f.t.Helper()
	f.site.mu.Lock()
	defer f.site.mu.Unlock()
	i := slices.IndexFunc(f.site.seen, func(e exchange) bool { return e.path == "/.session/register" })
	var got struct {
		ID string `json:"session_identifier"`
	}
	if err := json.Unmarshal([]byte(f.site.seen[i].answer), &got); err != nil {
		f.t.Fatal(err)
	}
	return got.ID
}

// forge sends a proof by another key, and returns the answer.
func (f *thief) forge(id, challenge string) string {
	f.t.Helper()
	f.client = f.site.server.Client()
	resp := f.post("/.session/refresh", map[string]string{"Sec-Secure-Session-Id": id})
	if c, _, ok := strings.Cut(strings.TrimPrefix(resp.Header.Get("Secure-Session-Challenge"), `"`), `"`); ok {
		challenge = c
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		f.t.Fatal(err)
	}
	b64 := base64.RawURLEncoding.EncodeToString
	text := b64([]byte(`{"alg":"ES256","typ":"dbsc+jwt"}`)) + "." + b64([]byte(`{"jti":"`+challenge+`"}`))
	sum := sha256.Sum256([]byte(text))
	r, s, err := ecdsa.Sign(rand.Reader, key, sum[:])
	if err != nil {
		f.t.Fatal(err)
	}
	signature := append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
	return f.text(f.post("/.session/refresh", map[string]string{
		"Sec-Secure-Session-Id": id, "Secure-Session-Response": text + "." + b64(signature),
	}))
}
