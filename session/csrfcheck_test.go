package session_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/pyramidgo/redissessions/session"
)

func TestCSRFProtection(t *testing.T) {
	f := newTestFactory(t, newMemStore(), nil)
	v := newVisitor(t, f)
	var token, field string
	v.visit(func(s *session.Session) {
		token, _ = s.CSRFToken(context.Background())
		html, err := s.CSRFField(context.Background())
		if err != nil {
			t.Error(err)
		}
		field = string(html)
	})
	if want := `<input type="hidden" name="csrf_token" value="` + token + `">`; token == "" || field != want {
		t.Errorf("the field is %s, want %s", field, want)
	}
	var other string
	newVisitor(t, f).visit(func(s *session.Session) { other, _ = s.CSRFToken(context.Background()) })

	form := func(token string) func(*http.Request) {
		return func(r *http.Request) {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Body = http.NoBody
			r.PostForm = url.Values{session.CSRFFormField: {token}}
		}
	}
	header := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	tests := []struct {
		name   string
		method string
		edit   []func(*http.Request)
		want   int
	}{
		{"a GET needs no token", "GET", nil, 200},
		{"a HEAD needs no token", "HEAD", nil, 200},
		{"a POST without a token", "POST", nil, 403},
		{"a DELETE without a token", "DELETE", nil, 403},
		{"a method nobody knows without a token", "FROB", nil, 403},
		{"the token in the form", "POST", []func(*http.Request){form(token)}, 200},
		{"the token in the header", "PUT", []func(*http.Request){header(session.CSRFHeader, token)}, 200},
		{"an empty token", "POST", []func(*http.Request){form("")}, 403},
		{"a wrong token", "POST", []func(*http.Request){form(token + "x")}, 403},
		{"another visitor's token", "POST", []func(*http.Request){form(other)}, 403},
		{"a wrong header beside the right form", "POST", []func(*http.Request){form(token), header(session.CSRFHeader, "x")}, 403},
		{"the right token from another site", "POST", []func(*http.Request){form(token), header("Sec-Fetch-Site", "cross-site")}, 403},
		{"the right token from another origin", "POST", []func(*http.Request){form(token), header("Origin", "https://evil.test")}, 403},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := v.request()
			r.Method = test.method
			for _, edit := range test.edit {
				edit(r)
			}
			w := httptest.NewRecorder()
			ok := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
			f.Handler(new(session.CSRFProtection).Handler(ok)).ServeHTTP(w, r)
			if w.Code != test.want {
				t.Errorf("status %d, want %d", w.Code, test.want)
			}
		})
	}

	t.Run("a session without a token accepts none", func(t *testing.T) {
		r := httptest.NewRequest("POST", testURL, strings.NewReader("csrf_token="))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		f.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			if err := session.CheckCSRF(r); !errors.Is(err, session.ErrCSRF) {
				t.Errorf("error %v, want ErrCSRF", err)
			}
		})).ServeHTTP(httptest.NewRecorder(), r)
	})
	t.Run("without a Handler there is no telling", func(t *testing.T) {
		if err := session.CheckCSRF(v.request()); !errors.Is(err, session.ErrNoHandler) {
			t.Errorf("error %v, want ErrNoHandler", err)
		}
	})
}
