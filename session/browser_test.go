package session_test

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"time"

	"github.com/pyramidgo/redissessions/session"
)

const (
	defaultTimeout = "20m0s"
	lastReader     = "last reader"
	cookieName     = "session"
)

// browser has one cookie, which its tabs share.
type browser struct {
	mu     sync.Mutex
	cookie string
}

func (b *browser) current() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.cookie
}

func (b *browser) take(resp *http.Response) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, c := range resp.Cookies() {
		if c.MaxAge < 0 {
			b.cookie = ""
		} else {
			b.cookie = c.Value
		}
	}
}

// openSigner is the signer of the Pyramid formats' runs: a visit must be able to
// read the ID.
type openSigner struct{}

const openSigned = "signed."

func (openSigner) Sign(id string) (string, error) { return openSigned + id, nil }

func (openSigner) Verify(value string) (string, error) {
	id, ok := strings.CutPrefix(value, openSigned)
	if !ok {
		return "", errors.New("not signed")
	}
	return id, nil
}

// idOf returns the ID that a cookie carries behind its HMAC-SHA512, or openSigned.
func idOf(cookie string) string {
	if id, ok := strings.CutPrefix(cookie, openSigned); ok {
		return id
	}
	b, err := base64.RawURLEncoding.DecodeString(cookie)
	if err != nil || len(b) <= 64 {
		return ""
	}
	return string(b[64:])
}

// visit is one request, and what it records.
type visit struct {
	h       *history
	f       *session.Factory
	who     string
	program program

	s    *session.Session
	came string // the ID the request came with
	// predecessor is the ID of a renewed session that Renew began a new one in place of.
	predecessor string
	id          string // the ID of the session in hand, "" while it is new
	loaded      bool   // what is read now is what the load found
	since       int64  // when the load began
	pending     map[string][]effect
	over        bool // ErrGone was returned
	failed      error
}

type visitKey struct{}

// noteFailure is the factories' error handler.
func noteFailure(w http.ResponseWriter, r *http.Request, err error) {
	if v, ok := r.Context().Value(visitKey{}).(*visit); ok {
		v.failed = err
	}
	w.WriteHeader(http.StatusInternalServerError)
}

// send sends the request with a cookie and returns the response.
func (v *visit) send(ctx context.Context, cookie string) *http.Response {
	v.came, v.pending = idOf(cookie), map[string][]effect{}
	r := httptest.NewRequest(http.MethodPost, "/", nil).WithContext(context.WithValue(ctx, visitKey{}, v))
	if cookie != "" {
		r.AddCookie(&http.Cookie{Name: cookieName, Value: cookie})
	}
	w := httptest.NewRecorder()
	v.f.Handler(http.HandlerFunc(v.handle)).ServeHTTP(w, r)
	v.acknowledge()
	resp := w.Result()
	for _, c := range resp.Cookies() {
		if id := idOf(c.Value); id != "" {
			v.h.mu.Lock()
			v.h.cookie[id] = c.Value
			v.h.mu.Unlock()
		}
	}
	return resp
}

func (v *visit) handle(_ http.ResponseWriter, r *http.Request) {
	p := v.program
	if len(p) > 0 && p[0].name == "logout" {
		call := v.h.now()
		if err := v.f.Invalidate(r); err != nil {
			v.h.problem("%s: Invalidate: %v", v.who, err)
		}
		v.record(event{verdict: wasEnded, id: v.came, call: call})
		v.came, p = "", p[1:]
	}
	v.since = v.h.now()
	s, err := v.f.Get(r)
	if err != nil {
		v.h.problem("%s: Get: %v", v.who, err)
		return
	}
	v.s, v.id = s, s.ID()
	v.loaded = v.id != ""
	if v.came != "" && !v.loaded {
		v.record(event{verdict: wasMissed, id: v.came, call: v.since})
	}
	readUntil := v.h.now()
	for _, c := range p {
		if v.over {
			return
		}
		v.do(r.Context(), c, readUntil)
	}
}

// record completes an event and adds it, unless there is no session to it.
func (v *visit) record(e event) {
	e.who = v.who
	if e.ret == 0 {
		e.ret = v.h.now()
	}
	if e.id != "" {
		v.h.add(e)
	}
}

// will notes what the save is to do to a key.
func (v *visit) will(key string, e effect) { v.pending[key] = append(v.pending[key], e) }

// saw records a read of what the load found.
func (v *visit) saw(key string, d datum, until int64) {
	if v.loaded && len(v.pending[key]) == 0 {
		v.record(event{verdict: wasRead, id: v.id, key: key, seen: d, call: v.since, ret: until})
	}
}

// acknowledge records what came of the save.
func (v *visit) acknowledge() {
	switch {
	case errors.Is(v.failed, session.ErrGone):
		v.gone()
	case v.failed != nil:
		v.h.problem("%s: save: %v", v.who, v.failed)
	case v.s != nil && v.s.ID() != "":
		v.record(event{verdict: wasSaved, id: v.s.ID(), effects: v.pending, call: v.since})
	case v.s != nil:
		for _, effects := range v.pending {
			last := effects[len(effects)-1]
			if last.verb == doFlash || last.verb == doModify {
				v.h.problem("%s: %v was acknowledged and is nowhere", v.who, last)
			}
		}
	}
}

// gone records that the session was refused as gone.
func (v *visit) gone() {
	id := v.id
	if id == "" {
		id = v.came
	}
	v.over = true
	v.record(event{verdict: wasRefused, id: id, call: v.since})
}

// look reads a key as the model writes it.
func (v *visit) look(key string) datum {
	if key == timeoutKey {
		return datum{true, v.s.Timeout().String()}
	}
	value, ok := v.s.Get(key)
	if list, isList := value.([]any); isList {
		words := make([]string, len(list))
		for i, word := range list {
			words[i], _ = word.(string)
		}
		return datum{ok, strings.Join(words, ",")}
	}
	text, _ := value.(string)
	return datum{ok, text}
}

func timeoutOf(text string) time.Duration {
	d, _ := time.ParseDuration(text)
	return d
}
