package main

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/pyramidgo/redissessions/session"
)

// devices is what templates/devices.html shows: where the visitor is logged in.
type devices struct {
	common
	Devices []session.Info
}

// devices shows the visitor's sessions. It needs user_sessions in the settings.
func (a *app) devices(w http.ResponseWriter, r *http.Request) {
	s, err := a.sessions.Get(r)
	if err != nil {
		return // the session handler answers: see sessionFailed
	}
	if s.User() == "" {
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return
	}
	infos, err := a.sessions.Sessions(r.Context(), s.User())
	if err != nil {
		fail(w, r, err)
		return
	}
	c, err := a.common(w, r, s)
	if err != nil {
		sessionFailed(w, r, err)
		return
	}
	render(w, http.StatusOK, devicesPage, devices{common: c, Devices: infos})
}

// endDevice logs one device out. The handle in the form names a session only
// among those of this visitor: another one's is not found.
func (a *app) endDevice(w http.ResponseWriter, r *http.Request) {
	s, ok := a.guardedLogin(w, r)
	if !ok {
		return
	}
	switch err := a.sessions.End(r.Context(), s.User(), r.PostForm.Get("device")); {
	case err == nil:
		s.Flash("", "That device is logged out.")
	case errors.Is(err, session.ErrNotFound):
		s.Flash("", "That device was logged out already.")
	default:
		fail(w, r, err)
		return
	}
	http.Redirect(w, r, "/devices", http.StatusSeeOther)
}

// endOthers logs all devices out but this one.
func (a *app) endOthers(w http.ResponseWriter, r *http.Request) {
	s, ok := a.guardedLogin(w, r)
	if !ok {
		return
	}
	n, err := s.EndOthers(r.Context())
	switch {
	case err != nil:
		fail(w, r, err)
		return
	case n == 1:
		s.Flash("", "One other device is logged out.")
	default:
		s.Flash("", fmt.Sprintf("%d other devices are logged out.", n))
	}
	http.Redirect(w, r, "/devices", http.StatusSeeOther)
}
