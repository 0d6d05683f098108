package faults_test

import (
	"context"
	"errors"
	"net/http"
	"sync"

	"github.com/pyramidgo/redissessions/session"
)

// The steps, up to which number of 20.
const (
	probes    = 1
	saves     = 6
	reads     = 9
	renews    = 12
	lists     = 14
	logouts   = 16
	endsOther = 17
)

// step takes one step, drawn by chance.
func (u *household) step() {
	before := u.h.window.Load()
	d := u.random.IntN(devicesEach)
	l := u.devices[d]
	var ok bool
	n := u.random.IntN(20)
	if u.careful && u.h.calm.Load() {
		n = []int{probes, saves, reads, lists}[n%4]
	}
	switch {
	case n == 0:
		ok = u.endAll(before)
	case n <= probes:
		ok = u.probe()
	case l == nil:
		u.devices[d], ok = u.login(before)
	case n <= saves:
		ok = u.visit(d, l, save, u.name, before)
	case n <= reads:
		ok = u.visit(d, l, read, u.name, before)
	case n <= renews:
		ok = u.visit(d, l, renew, u.name, before)
	case n <= lists:
		ok = u.visit(d, l, u.listed(), "listed", before)
	case n <= logouts:
		ok = u.visit(d, l, logout, "", before)
	case n <= endsOther:
		ok = u.endOther(d, l, before)
	default:
		ok = u.visit(d, l, endOthers, u.name, before)
		is := isUnsure
		if u.devices[d] == l {
			is = isEnded
		}
		for i := range u.devices {
			if i != d {
				u.leave(i, is, u.unsafe(before))
			}
		}
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.inARow++; !ok {
		u.inARow = 0
	}
}

// unsafe reports whether what a step brought that began in the window, or outside, may be
// lost.
func (u *household) unsafe(before bool) bool { return before || u.h.window.Load() }

// leave takes a login off its device.
func (u *household) leave(d int, is loginState, windowed bool) {
	l := u.devices[d]
	if l == nil {
		return
	}
	l.is, l.windowed = is, l.windowed || windowed
	u.devices[d] = nil
	u.mu.Lock()
	defer u.mu.Unlock()
	u.past = append(u.past, l)
}

// login logs a device in.
func (u *household) login(before bool) (*login, bool) {
	ticket, err := u.h.site.sessions.Ticket(context.Background(), u.name)
	if err != nil {
		return nil, false
	}
	got := u.request(nil, u.loginWith(ticket))
	if got.status != http.StatusOK {
		return nil, false
	}
	return &login{cookies: []*http.Cookie{got.cookie}, windowed: u.unsafe(before), round: u.h.round.Load()}, true
}

// visit makes a request of a device that is logged in, and checks that its page says what
// it must.
func (u *household) visit(d int, l *login, p page, want string, before bool) bool {
	got := u.request(l.last(), p)
	if got.cookie != nil {
		l.cookies = append(l.cookies, got.cookie)
	}
	unsafe := u.unsafe(before)
	switch {
	case got.status != http.StatusOK:
		if !l.windowed && (!unsafe || got.status != http.StatusServiceUnavailable) {
			u.h.t.Errorf("%s, logged in, got %d: %s", u.name, got.status, got.text)
		}
		if !p.keeps || got.status != http.StatusServiceUnavailable {
			u.leave(d, isUnsure, true)
		}
		return false
	case got.text != want:
		if !l.windowed {
			u.h.t.Errorf("%s, logged in, was shown %q, want %q", u.name, got.text, want)
		}
		u.leave(d, isUnsure, true) // the login was lost
	case want == "":
		u.leave(d, isEnded, unsafe)
	case got.cookie != nil: // renewed
		l.windowed, l.round = l.windowed || unsafe, u.h.round.Load()
	}
	return true
}

// endOther ends another device's session from one, by its handle.
func (u *household) endOther(d int, l *login, before bool) bool {
	other := (d + 1) % devicesEach
	if u.devices[other] == nil {
		return true
	}
	var handle string
	got := u.request(u.devices[other].last(), page{func(r *http.Request, _ *session.Session) (string, error) {
		infos, err := u.h.site.sessions.Sessions(r.Context(), u.name)
		for _, i := range infos {
			if i.Current {
				handle = i.Handle
			}
		}
		return "", err
	}, true})
	if got.status != http.StatusOK || handle == "" {
		return got.status == http.StatusOK
	}
	answered := u.visit(d, l, page{func(r *http.Request, se *session.Session) (string, error) {
		return se.User(), u.h.site.sessions.End(r.Context(), u.name, handle)
	}, false}, u.name, before)
	is := isUnsure
	if u.devices[d] == l {
		is = isEnded
	}
	u.leave(other, is, u.unsafe(before))
	return answered
}

// endAll ends all sessions of the user while each device saves or renews, and while
// somebody logs in who had drawn a ticket before.
func (u *household) endAll(before bool) bool {
	ticket, err := u.h.site.sessions.Ticket(context.Background(), u.name)
	if err != nil {
		return false
	}
	late := &login{is: isEnded}
	var wait sync.WaitGroup
	wait.Go(func() {
		if got := u.request(nil, u.loginWith(ticket)); got.cookie != nil {
			late.cookies = []*http.Cookie{got.cookie}
		}
	})
	for d, l := range u.devices {
		if l == nil {
			continue
		}
		p := []page{save, renew}[d%2]
		wait.Go(func() {
			if got := u.request(l.last(), p); got.cookie != nil {
				l.cookies = append(l.cookies, got.cookie)
			}
		})
	}
	_, err = u.h.site.sessions.EndAll(context.Background(), u.name)
	wait.Wait()
	unsafe, is := u.unsafe(before), isEnded
	if err != nil {
		is = isUnsure
		if !unsafe {
			u.h.t.Errorf("EndAll of %s: %v", u.name, err)
		}
	}
	for d := range u.devices {
		u.leave(d, is, unsafe)
	}
	late.is, late.windowed = is, unsafe
	u.mu.Lock()
	u.past = append(u.past, late)
	u.mu.Unlock()
	return err == nil
}

// probe looks whether a session that was ended has come back.
func (u *household) probe() bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if len(u.past) == 0 {
		return true
	}
	return u.isOut(u.past[u.random.IntN(len(u.past))]) == nil
}

var errNoAnswer = errors.New("no answer")

// isOut checks that none of a login's cookies opens a session of the user, if it is
// certain to be ended.
func (u *household) isOut(l *login) error {
	if l.is != isEnded || l.windowed {
		return nil
	}
	for _, c := range l.cookies {
		switch got := u.request(c, read); {
		case got.status == http.StatusServiceUnavailable:
			return errNoAnswer
		case got.status == http.StatusOK && got.text != "":
			u.h.t.Errorf("a session of %s that was ended is back", u.name)
		}
	}
	return nil
}
