package faults_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/pyramidgo/redissessions/session"
)

// answered is what a request led to.
type answered struct {
	status int
	cookie *http.Cookie
	text   string
}

// request makes a request with a cookie, unless it is nil.
func (u *household) request(cookie *http.Cookie, p page) answered {
	r := httptest.NewRequest(http.MethodPost, "/", nil)
	if cookie != nil {
		r.AddCookie(cookie)
	}
	w := httptest.NewRecorder()
	u.h.site.sessions.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		se, err := u.h.site.sessions.Get(r)
		if err != nil {
			return // answerFault answers
		}
		text, err := p.do(r, se)
		if err != nil {
			answerFault(w, r, err)
			return
		}
		fmt.Fprint(w, text)
	})).ServeHTTP(w, r)
	got := answered{status: w.Code, text: w.Body.String()}
	for _, c := range w.Result().Cookies() {
		if c.MaxAge >= 0 {
			got.cookie = c
		}
	}
	if got.status == http.StatusServiceUnavailable && u.h.window.Load() {
		u.h.failed.Add(1)
	}
	return got
}

// page says whose session it is, but for one that ends it.
type page struct {
	do func(*http.Request, *session.Session) (string, error)
	// keeps says that it neither moves nor ends a session, also when it fails.
	keeps bool
}

var (
	read = page{func(_ *http.Request, se *session.Session) (string, error) { return se.User(), nil }, true}
	save = page{func(_ *http.Request, se *session.Session) (string, error) {
		se.Modify("saves", oneMore)
		return se.User(), nil
	}, true}
	renew = page{func(r *http.Request, se *session.Session) (string, error) {
		return se.User(), se.Renew(r.Context())
	}, false}
	logout = page{func(r *http.Request, se *session.Session) (string, error) {
		return "", se.Invalidate(r.Context())
	}, false}
	endOthers = page{func(r *http.Request, se *session.Session) (string, error) {
		_, err := se.EndOthers(r.Context())
		return se.User(), err
	}, false}
)

// listed says "listed" when the session is among those of its user.
func (u *household) listed() page {
	return page{func(r *http.Request, _ *session.Session) (string, error) {
		infos, err := u.h.site.sessions.Sessions(r.Context(), u.name)
		for _, i := range infos {
			if i.Current {
				return "listed", err
			}
		}
		return "", err
	}, true}
}

// loginWith logs the user in, with a ticket.
func (u *household) loginWith(ticket session.Ticket) page {
	return page{func(r *http.Request, se *session.Session) (string, error) {
		return u.name, se.Login(r.Context(), u.name, session.WithTicket(ticket))
	}, false}
}
