package session_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/pyramidgo/redissessions/session"
)

// zeros is a body of so many bytes that counts what is read of it.
type zeros struct{ left, read int64 }

func (z *zeros) Read(b []byte) (int, error) {
	n := min(int64(len(b)), z.left)
	if n == 0 {
		return 0, io.EOF
	}
	clear(b[:n])
	z.left -= n
	z.read += n
	return int(n), nil
}

// upload returns a POST of a multipart form with a token and a file of so many
// bytes, of which the request does not say how many, and the count of what is read.
func upload(token string, size int64) (*http.Request, *zeros) {
	file := &zeros{left: size}
	head := "--b\r\nContent-Disposition: form-data; name=\"csrf_token\"\r\n\r\n" + token +
		"\r\n--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f\"\r\n\r\n"
	r := httptest.NewRequest(http.MethodPost, testURL, io.MultiReader(strings.NewReader(head), file, strings.NewReader("\r\n--b--\r\n")))
	r.ContentLength = -1
	r.Header.Set("Content-Type", "multipart/form-data; boundary=b")
	return r, file
}

// tempDir makes an empty directory the one for temporary files, and returns a
// function that counts what is in it.
func tempDir(t *testing.T) func() int {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	return func() int {
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		return len(entries)
	}
}

const large = 43 << 20

// The files of a form that the application parses are there while its handler runs
// and removed when it has ended, whatever its end is.
func TestFormFilesAreRemoved(t *testing.T) {
	inner := newTestFactory(t, newMemStore(), func(o *session.Options) { o.Cookie.Name = "inner" })
	for name, test := range map[string]struct {
		end  func(w http.ResponseWriter)
		wrap func(http.Handler) http.Handler
	}{
		"a page":          {end: page},
		"nothing written": {end: func(http.ResponseWriter) {}},
		"a panic":         {end: func(http.ResponseWriter) { panic("the handler's") }},
		"an abort":        {end: func(http.ResponseWriter) { panic(http.ErrAbortHandler) }},
		"two Handlers":    {end: page, wrap: inner.Handler},
	} {
		t.Run(name, func(t *testing.T) {
			files := tempDir(t)
			f := newTestFactory(t, newMemStore(), discardLog)
			var h http.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				file, _, err := r.FormFile("file")
				if err != nil {
					t.Error(err)
					return
				}
				defer file.Close()
				if n, err := io.Copy(io.Discard, file); n != large || err != nil || files() != 1 {
					t.Errorf("%d bytes, %v, in %d files", n, err, files())
				}
				test.end(w)
			})
			if test.wrap != nil {
				h = test.wrap(h)
			}
			r, _ := upload("", large)
			func() {
				defer func() { _ = recover() }()
				f.Handler(h).ServeHTTP(httptest.NewRecorder(), r)
			}()
			if n := files(); n > 0 {
				t.Errorf("%d files are left", n)
			}
		})
	}
}

// withToken returns a visitor of a factory with a token in the session.
func withToken(t *testing.T, f *session.Factory) (v *siteVisitor, csrf string) {
	v = newVisitor(t, f)
	v.visit(func(s *session.Session) {
		var err error
		if csrf, err = s.CSRFToken(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return v, csrf
}

// copying is middleware that gives the application a copy of the request.
func copying(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), otherKey{}, 1)))
	})
}

// A request without a token in its session is refused before its body is read,
// and whatever CSRFProtection has read is removed, however it has decided.
func TestCSRFProtectionLeavesNoFiles(t *testing.T) {
	for _, copied := range []bool{false, true} {
		for name, test := range map[string]struct {
			known bool
			wrong string // in front of the token
			edit  func(r *http.Request, token string)
			want  int
			read  bool
		}{
			"no cookie":       {false, "", nil, 403, false},
			"a forged cookie": {false, "", func(r *http.Request, _ string) { r.Header.Set("Cookie", "session=forged") }, 403, false},
			"a wrong token":   {true, "x", nil, 403, true},
			"the right token": {true, "", nil, 200, true},
			"the token in the header, too": {true, "x", func(r *http.Request, token string) {
				r.Header.Set(session.CSRFHeader, token)
			}, 200, false},
			"another site": {true, "", func(r *http.Request, _ string) { r.Header.Set("Sec-Fetch-Site", "cross-site") }, 403, false},
		} {
			t.Run(fmt.Sprint(name, ", copied ", copied), func(t *testing.T) {
				files := tempDir(t)
				f := newTestFactory(t, newMemStore(), nil)
				v, token := withToken(t, f)
				var app http.Handler = http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
					if test.read && (r.MultipartForm == nil || r.MultipartForm.File["file"][0].Size != large || files() != 1) {
						t.Errorf("the application does not get its file; %d there", files())
					}
				})
				app = new(session.CSRFProtection).Handler(app)
				if copied {
					app = copying(app)
				}
				for range 2 {
					r, file := upload(test.wrong+token, large)
					if test.known {
						v.addCookies(r)
					}
					if test.edit != nil {
						test.edit(r, token)
					}
					w := httptest.NewRecorder()
					f.Handler(app).ServeHTTP(w, r)
					if w.Code != test.want || (file.read > 0) != test.read {
						t.Errorf("status %d, want %d; %d bytes were read", w.Code, test.want, file.read)
					}
				}
				if n := files(); n > 0 {
					t.Errorf("%d files are left", n)
				}
			})
		}
	}
}

// No more of a body is read than the limits allow, and the answer says so.
func TestCSRFProtectionBoundsTheForm(t *testing.T) {
	form := func(token string, size int64) (*http.Request, *zeros) {
		head := session.CSRFFormField + "=" + token + "&x="
		fill := &zeros{left: size - int64(len(head))}
		r := httptest.NewRequest(http.MethodPost, testURL, io.MultiReader(strings.NewReader(head), fill))
		r.ContentLength = -1
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		return r, fill
	}
	known := func(r *http.Request, fill *zeros) (*http.Request, *zeros) {
		r.ContentLength = 100 + fill.left
		return r, fill
	}
	tests := map[string]struct {
		protection session.CSRFProtection
		request    func(token string) (*http.Request, *zeros)
		limit      int64 // of what may be read; 0 for a form that is accepted
	}{
		"a form of 1 MiB":     {session.CSRFProtection{}, func(s string) (*http.Request, *zeros) { return form(s, 1<<20) }, 0},
		"one byte more":       {session.CSRFProtection{}, func(s string) (*http.Request, *zeros) { return form(s, 1<<20+1) }, 1 << 20},
		"of known length":     {session.CSRFProtection{}, func(s string) (*http.Request, *zeros) { return known(form(s, 1<<20+1)) }, 1},
		"a larger limit":      {session.CSRFProtection{MaxFormBytes: 2 << 20}, func(s string) (*http.Request, *zeros) { return form(s, 2<<20) }, 0},
		"a smaller limit":     {session.CSRFProtection{MaxFormBytes: 1000}, func(s string) (*http.Request, *zeros) { return form(s, 1001) }, 1000},
		"a file of 63 MiB":    {session.CSRFProtection{}, func(s string) (*http.Request, *zeros) { return upload(s, 63<<20) }, 0},
		"a file of 64 MiB":    {session.CSRFProtection{}, func(s string) (*http.Request, *zeros) { return upload(s, 64<<20) }, 64 << 20},
		"known to be large":   {session.CSRFProtection{}, func(s string) (*http.Request, *zeros) { return known(upload(s, 64<<20)) }, 1},
		"large text":          {session.CSRFProtection{}, func(s string) (*http.Request, *zeros) { return text(upload(s, 60<<20)) }, 60 << 20},
		"a smaller multipart": {session.CSRFProtection{MaxMultipartBytes: 1 << 20}, func(s string) (*http.Request, *zeros) { return upload(s, 1<<20) }, 1 << 20},
		"one in another case": {session.CSRFProtection{MaxMultipartBytes: 1 << 20}, func(s string) (*http.Request, *zeros) {
			r, fill := upload(s, 1<<20)
			r.Header.Set("Content-Type", `Multipart/Form-Data; boundary="b"`)
			return r, fill
		}, 1 << 20},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			files := tempDir(t)
			f := newTestFactory(t, newMemStore(), nil)
			v, token := withToken(t, f)
			r, fill := test.request(token)
			v.addCookies(r)
			var refused error
			p := test.protection
			w := httptest.NewRecorder()
			f.Handler(p.Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))).ServeHTTP(w, r)
			if fill.read > test.limit+64<<10 && test.limit > 0 {
				t.Errorf("%d bytes were read, of at most %d", fill.read, test.limit)
			}
			switch {
			case test.limit == 0 && w.Code != http.StatusOK:
				t.Errorf("status %d", w.Code)
			case test.limit > 0 && (w.Code != http.StatusRequestEntityTooLarge || !strings.Contains(w.Body.String(), "too large")):
				t.Errorf("status %d, body %q", w.Code, w.Body)
			}
			if n := files(); n > 0 {
				t.Errorf("%d files are left", n)
			}
			// Denied gets the reason.
			r, _ = test.request(token)
			v.addCookies(r)
			p.Denied = func(_ http.ResponseWriter, _ *http.Request, err error) { refused = err }
			f.Handler(p.Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))).ServeHTTP(httptest.NewRecorder(), r)
			if (test.limit > 0) != errors.Is(refused, session.ErrFormTooLarge) {
				t.Errorf("Denied got %v", refused)
			}
		})
	}
}

// Where the application's own limit is what was passed, the answer names that one.
func TestCSRFProtectionBesideAnotherLimit(t *testing.T) {
	f := newTestFactory(t, newMemStore(), nil)
	v, token := withToken(t, f)
	for name, request := range map[string]func() *http.Request{
		"a form": func() *http.Request {
			body := session.CSRFFormField + "=" + token + "&x=" + strings.Repeat("x", 2000)
			r := httptest.NewRequest(http.MethodPost, testURL, strings.NewReader(body))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			return r
		},
		"a file": func() *http.Request { r, _ := upload(token, 2000); return r },
	} {
		r := request()
		v.addCookies(r)
		w := httptest.NewRecorder()
		ok := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
		f.Handler(http.MaxBytesHandler(new(session.CSRFProtection).Handler(ok), 1000)).ServeHTTP(w, r)
		if w.Code != http.StatusRequestEntityTooLarge || !strings.Contains(w.Body.String(), " 1000 bytes") {
			t.Errorf("%s: status %d, body %q", name, w.Code, w.Body)
		}
	}
}

// text makes the file of an upload a text field, which net/http keeps in memory.
func text(r *http.Request, fill *zeros) (*http.Request, *zeros) {
	body, _ := io.ReadAll(io.LimitReader(r.Body, 300))
	body = bytes.Replace(body, []byte(`; filename="f"`), nil, 1)
	r.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body), r.Body))
	return r, fill
}

// CheckCSRF has the default limits, and finds a token in a form that was parsed
// before, whichever way.
func TestCheckCSRFReadsForms(t *testing.T) {
	f := newTestFactory(t, newMemStore(), nil)
	v, token := withToken(t, f)
	check := func(r *http.Request, before func(*http.Request) error) (err error) {
		v.addCookies(r)
		f.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			if before != nil {
				if err := before(r); err != nil {
					t.Error(err)
				}
			}
			err = session.CheckCSRF(r)
		})).ServeHTTP(httptest.NewRecorder(), r)
		return err
	}
	for name, before := range map[string]func(*http.Request) error{
		"nothing":            nil,
		"ParseForm":          (*http.Request).ParseForm,
		"ParseMultipartForm": func(r *http.Request) error { return r.ParseMultipartForm(1 << 20) },
	} {
		r, _ := upload(token, 10)
		if err := check(r, before); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	body := url.Values{session.CSRFFormField: {token}}.Encode() + "&x=" + strings.Repeat("x", 1<<20)
	r := httptest.NewRequest(http.MethodPost, testURL, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if err := check(r, nil); !errors.Is(err, session.ErrFormTooLarge) {
		t.Errorf("error %v, want ErrFormTooLarge", err)
	}
	// What is no form stays unread.
	for _, kind := range []string{"application/json", "", "multipart/mixed; boundary=b"} {
		r, file := upload(token, 10)
		r.Header.Set("Content-Type", kind)
		if err := check(r, nil); !errors.Is(err, session.ErrCSRF) || file.read > 0 {
			t.Errorf("%s: error %v, %d bytes were read", kind, err, file.read)
		}
	}
}
