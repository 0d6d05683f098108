package faults_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"time"

	"github.com/pyramidgo/redissessions/internal/connecttest"
)

// visitor is one browser, and what it knows of its session.
type visitor struct {
	name   string
	site   *site
	cookie *http.Cookie

	mu     sync.Mutex
	known  int // the count that the last answer confirmed
	unsure int // saves without a confirmation, that may have been made

	mayLose bool // what was saved and not copied elsewhere may be lost now
	safe    int  // the count that must survive even so
	lost    int  // confirmed saves that were lost

	inARow int       // answers since the last failure
	failed time.Time // when the last failure was answered
}

// answer is what a visitor got.
type answer struct {
	status int
	text   string
	took   time.Duration
}

// visit makes one request, with POST one that saves, and checks the answer. An
// error means that the site did what it must never do.
func (v *visitor) visit(method string) (answer, error) {
	r := httptest.NewRequest(method, "http://example.test/", nil)
	r.Header.Set(visitorHeader, v.name)
	if v.cookie != nil {
		r.AddCookie(v.cookie)
	}
	w := httptest.NewRecorder()
	took := connecttest.Ran(func() { v.site.page.ServeHTTP(w, r) })
	got := answer{w.Code, w.Body.String(), took}
	for _, c := range w.Result().Cookies() {
		if v.cookie = c; c.MaxAge < 0 {
			v.cookie = nil
		}
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	return got, v.judge(got, method == http.MethodPost)
}

// judge compares an answer with what the visitor knows. The caller holds the
// lock.
func (v *visitor) judge(got answer, saves bool) error {
	if got.status != http.StatusOK {
		v.inARow, v.failed = 0, time.Now()
		if saves {
			v.unsure++
		}
		if got.status == http.StatusGone && v.mayLose || got.status == http.StatusServiceUnavailable {
			return nil
		}
		return fmt.Errorf("%s got %d: %s", v.name, got.status, got.text)
	}
	v.inARow++
	var count int
	var name string
	_, _ = fmt.Sscanf(got.text, "%d %s", &count, &name)
	made := 0
	if saves {
		made = 1
	}
	want, least := v.known+made, v.known+made
	if v.mayLose {
		least = v.safe + made
	}
	switch {
	case name != v.name && (name != "" || count != 0):
		return fmt.Errorf("%s was shown the session of %s", v.name, name)
	case count > want+v.unsure:
		return fmt.Errorf("%s: the count is %d, want %d and at most %d more: a save was made twice", v.name, count, want, v.unsure)
	case count < least:
		return fmt.Errorf("%s: the count is %d, want at least %d: a save was lost", v.name, count, least)
	case count < want:
		v.lost += want - count
	default:
		v.unsure -= count - want
	}
	v.known = count
	return nil
}

// expectLoss lets everything be lost that the visitor knows to be saved beyond
// what is safe.
func (v *visitor) expectLoss(safe int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.mayLose, v.safe = true, safe
}

// expectNoLoss ends that.
func (v *visitor) expectNoLoss() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.mayLose = false
}

// count returns the count that the last answer confirmed.
func (v *visitor) count() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.known
}
