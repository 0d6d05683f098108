package session

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/pyramidgo/redissessions/session/internal/record"
)

// ticketLife is for how long a ticket is good. An epoch is kept longer than that.
const (
	ticketLife = 10 * time.Minute
	epochLife  = ticketLife + 5*time.Minute
)

// Ticket is a look at a user's sessions from before the password was checked. The zero
// Ticket checks nothing.
type Ticket struct {
	user  record.UserHash
	epoch Epoch
	drawn time.Time
}

// Format prints the ticket without what it holds.
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
