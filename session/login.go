package session

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/pyramidgo/redissessions/session/internal/record"
)

// LoginOption is WithTicket or WithLabel.
type LoginOption func(*loginCall)

// loginCall is what a call of Login asks for.
type loginCall struct {
	ticket Ticket
	labels [][2]string
	device string // the state of its binding
	err    error
}

// Login makes the session that of a user: it does what Renew does, and restarts the absolute
// timeout. The user is any text but the empty one; User returns it. With Options.Users the
// session is then among those that Factory.Sessions lists and Factory.EndAll ends. Call it
// when the password has been checked, and again when it was asked for again. The session is
// stored when Login returns, under its new ID; what the request has changed so far is stored
// with it.
//
// The error is ErrEnded when the user's sessions were ended while the login was under way
// (see Factory.Ticket), and ErrTooManySessions when there are UserOptions.Max sessions
// already and WhenFull is Refuse. The latter is the application's to answer: nothing has
// changed, and its page is sent. Any other failure is treated as one of Renew: the error
// handler answers, and nothing is saved.
//
// It takes no round trip more than Renew does, but on a Cluster: there the entry takes one of
// its own where the session was logged in, or there is a UserOptions.Max. A login beyond Max
// reads the user's other sessions and ends the oldest.
func (s *Session) Login(ctx context.Context, user string, opts ...LoginOption) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	call := loginCall{}
	for _, o := range opts {
		o(&call)
	}
	ctx, o := s.start(s.withRequest(ctx), OpLogin)
	defer o.finish()
	err := o.came(s.login(ctx, user, &call))
	if err == ErrTooManySessions { //nolint:errorlint // joined with another error it is a failure
		return err
	}
	if s.outcome(loginStep, err) == nil {
		s.failed[renewalStep] = nil
	}
	return err
}

func (s *Session) login(ctx context.Context, user string, call *loginCall) error {
	switch {
	case user == "":
		return errNoUser
	case call.err != nil:
		return call.err
	case s.state == isUnavailable, s.hasGone() && !s.mayStartAgain():
		return s.why
	case s.headerSent:
		return ErrHeaderWritten
	case s.cookieRefused():
		return errCookieRefused
	}
	hash := s.f.userHash(user)
	seen := AnyEpoch
	var p place
	var err error
	if s.f.opts.Users != nil {
		if p, err = s.f.place(s.store); err != nil {
			return err
		}
		if seen, err = call.ticket.seen(s.f, hash); err != nil {
			return err
		}
	}
	device, err := s.f.beginBinding()
	if err != nil {
		return err
	}
	call.device = device
	giveBack := func() {} // the session that has gone
	if s.hasGone() || s.state == isUnbound {
		giveBack = s.startAgain()
	}
	ctx, cancel := s.f.writeContext(ctx)
	defer cancel()
	left := s.entriesAt(s.at)
	// data are the request's changes. A try that meets another record drops those that
	// are in that record already; a session that begins anew has them from here.
	data, before, access := s.data.Clone(), s.meta.Login, s.access
	takeBack, stored := s.prepareLogin(user, hash, call), false
	defer func() {
		if !stored { // there is an error, or a hook of the application has panicked
			takeBack()
			s.meta.Login, s.metaSet.login, s.access = before, false, access
			giveBack()
		}
	}()
	s.access = active // a passive request that logs in uses the session
	for range maxNewIDs {
		id, at, signed, err := s.f.newIdentity()
		if err != nil {
			return err
		}
		var in *entries
		if p.index != nil {
			s.meta.Login.Lease = s.f.leaseFrom(s.f.now(), s.meta.Login.At, s.idle())
			in = &entries{s: s, index: p.index, at: at, login: s.meta.Login, seen: seen, counted: true,
				again: left != nil && left.login.User == hash && s.state == isStored, keys: s.setKeys(s.meta.Login)}
		}
		if s.state == isNotStored {
			err = s.createFor(ctx, at, in)
		} else {
			err = s.moveTo(ctx, at, in, left)
		}
		switch {
		case err == nil:
			s.id, s.at, s.signed, s.cookie = id, at, signed, cookieSet
			s.offer = device != ""
			stored = true
			return nil
		case errors.Is(err, ErrExists) && in == nil: // an ID that exists already
		case errors.Is(err, ErrGone) && !errors.Is(err, ErrUnavailable) && s.mayStartAgain():
			s.data, s.meta.Login, s.metaSet.login = data.Clone(), before, false
			giveBack = s.startAgain()
			before = record.Login{}
			takeBack = s.prepareLogin(user, hash, call)
		default:
			return err
		}
	}
	return fmt.Errorf("session: login: %d new IDs in a row exist already: the ID generator repeats itself", maxNewIDs)
}

// prepareLogin puts the login into the session, and returns a function that undoes its
// changes of the data.
func (s *Session) prepareLogin(user string, hash record.UserHash, call *loginCall) (takeBack func()) {
	about := ""
	if u := s.f.opts.Users; u != nil && u.Describe != nil {
		// First: when it panics, nothing is to be taken back. Most codecs refuse text that is not
		// UTF-8, and a browser may send such a name.
		about = strings.ToValidUTF8(u.Describe(s.r), "\ufffd")
	}
	takeBackToken := s.dropToken()
	s.meta.Login = record.Login{User: hash, At: s.f.logins.Next(hash, s.f.creation(s.f.now())), Device: call.device}
	s.metaSet.login = true
	s.data.Set(userKey, user)
	var hashes []record.UserHash
	for _, l := range call.labels {
		hashes = append(hashes, s.f.labelHash(l[0], l[1]))
	}
	s.setText(labelsKey, record.JoinLabels(hashes))
	s.setText(aboutKey, about)
	return func() {
		takeBackToken()
		for _, key := range []string{userKey, labelsKey, aboutKey} {
			s.data.Undo(key)
		}
	}
}

// setText sets a key, or deletes it when there is nothing to set.
func (s *Session) setText(key, text string) {
	if text == "" {
		s.data.Delete(key)
		return
	}
	s.data.Set(key, text)
}

// The keys under which a session's data hold the user, what Describe returned, and the
// hashes of the labels.
const (
	userKey   = "_user_"
	aboutKey  = "_about_"
	labelsKey = record.LabelsKey
)

// User returns the text that Login was given, or "" before a Login and after Clear.
func (s *Session) User() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.user()
}

func (s *Session) user() string {
	if s.meta.Login.At.IsZero() {
		return ""
	}
	v, _ := s.data.Get(userKey)
	user, _ := v.(string)
	return user
}

// LoginTime returns when Login was called, in UTC, to the millisecond: "was the password
// typed in the last ten minutes?" It is the zero time when User is "".
func (s *Session) LoginTime() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.user() == "" {
		return time.Time{}
	}
	return s.meta.Login.At
}

// createFor writes the record of a new session at an address, with its entries.
func (s *Session) createFor(ctx context.Context, at record.Address, in *entries) error {
	changes, err := s.data.Changes(s.changed || !s.f.opts.IgnoreDeepChanges)
	if err != nil {
		return err
	}
	rec, snap, ttl, err := s.encode(at, changes)
	if err != nil {
		if errors.Is(err, ErrNotFound) {
			return s.gone(isEnded)
		}
		return err
	}
	s.tries++
	if err := s.createAt(ctx, at, rec, ttl, in); err != nil {
		return err
	}
	s.saved(snap)
	s.note(ctx, OpCreate, OutcomeOK, nil)
	return nil
}

// createAt creates a record, with its entries if it has any.
func (s *Session) createAt(ctx context.Context, at record.Address, rec []byte, ttl time.Duration, in *entries) error {
	if in != nil {
		return in.create(ctx, rec, ttl)
	}
	err := s.store.Create(ctx, at.Key, rec, ttl)
	if errors.Is(err, ErrExists) {
		return err
	}
	return storeError("renew", err)
}

// EndOthers ends all other sessions of the session's user, as Factory.EndAll does, and
// returns how many it ended. The present one goes on, also when it was renewed in this
// request.
func (s *Session) EndOthers(ctx context.Context) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.why != nil:
		return 0, s.why
	case s.user() == "":
		return 0, errNoUser
	}
	p, err := s.f.place(s.store)
	if err != nil {
		return 0, err
	}
	return p.endAll(s.withRequest(ctx), s.f.setKey(s.meta.Login.User), s.at.Key)
}

// ticketLife is for how long a ticket is good. An epoch is kept longer than that.
const (
	ticketLife = 10 * time.Minute
	epochLife  = ticketLife + 5*time.Minute
)

// Ticket is the state of a user's sessions before the password was checked. Login with the
// zero Ticket checks nothing.
type Ticket struct {
	user  record.UserHash
	epoch Epoch
	drawn time.Time
}

// Format prints the ticket without its fields.
func (Ticket) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "[session ticket]") }

// Ticket returns a ticket for a login. Draw it before the password is checked, and give it
// to Session.Login by WithTicket: the login then fails with ErrEnded when the user's
// sessions were ended in between, as a change of the password does. Without it a login
// with the old password may come right after. It takes one round trip, and is good for
// ten minutes in this process. Without Options.Users it is the zero Ticket.
func (f *Factory) Ticket(ctx context.Context, user string) (Ticket, error) {
	if user == "" {
		return Ticket{}, errNoUser
	}
	if f.opts.Users == nil {
		return Ticket{}, nil
	}
	p, err := f.placeFor(ctx)
	if err != nil {
		return Ticket{}, err
	}
	t := Ticket{user: f.userHash(user), drawn: f.now()}
	state, err := p.index.IndexList(ctx, f.setKey(t.user))
	if err != nil {
		return Ticket{}, storeError("ticket", err)
	}
	t.epoch = state.Epoch
	return t, nil
}

// WithTicket makes Login fail with ErrEnded when the user's sessions were ended since the
// ticket was drawn, or when that is longer than ten minutes ago.
func WithTicket(t Ticket) LoginOption {
	return func(l *loginCall) { l.ticket = t }
}

// seen returns the epoch that a login with the ticket must find.
func (t Ticket) seen(f *Factory, user record.UserHash) (Epoch, error) {
	switch {
	case t == Ticket{}:
		return AnyEpoch, nil
	case t.user != user:
		return 0, errors.New("session: login: the ticket was drawn for another user")
	case f.now().Sub(t.drawn) > ticketLife:
		return 0, ErrEnded
	}
	return t.epoch, nil
}

// WithLabel also puts the session into the index of a label, which Factory.EndLabel ends:
// the sid of an OpenID Connect provider, a tenant, a device. A session may have several.
// The next Login drops them.
func WithLabel(name, value string) LoginOption {
	return func(l *loginCall) {
		if name == "" || value == "" {
			l.err = fmt.Errorf("session: WithLabel: %w", errNoLabel)
		}
		l.labels = append(l.labels, [2]string{name, value})
	}
}

var errNoLabel = errors.New("the name or the value is empty: give the text of both")
