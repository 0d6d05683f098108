package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/pyramidgo/redissessions/session"
	"github.com/pyramidgo/redissessions/session/inspect"
)

func (a *app) endCommand() *cobra.Command {
	var user, others string
	var all, yes bool
	cmd := &cobra.Command{
		Use:   "end HANDLE | --user USER [--others-than HANDLE] | --all",
		Short: "End a session, those of a user, or all",
		Long: `end logs visitors out: their sessions are removed, and no request in flight brings
one back. A session that was renewed meanwhile is followed to its new ID.

    end HANDLE                              one session; ls and show print handles
    end --user USER                         all of a user (needs user_sessions)
    end --user USER --others-than HANDLE    all of a user but one
    end --all                               everybody's; it asks before

With --all the sessions of another application are ended too, when both have one prefix
(redis.sessions.prefix) in one database.

The setting redis.sessions.valid_since ends all sessions without removing a record, and all at
one moment: set it to the present time and restart the application. Sessions that began before
it have ended then.

Ctrl-C is safe: each session is ended or untouched, and the command can be run again.`,
		Example: "  redissessions end --settings production.ini 5f1d0c9a\n  redissessions end --settings production.ini --user alice",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			byUser, butOne := cmd.Flags().Changed("user"), cmd.Flags().Changed("others-than")
			if n := len(args) + count(byUser) + count(all); n != 1 {
				return errors.New("end: give one of a handle, --user and --all; see redissessions end --help")
			}
			if butOne && !byUser {
				return errors.New("end: --others-than goes with --user")
			}
			if butOne && others == "" { // not all of the user's
				return errors.New("end: the handle after --others-than is empty; nothing was ended")
			}
			s, err := a.open(cmd.Context())
			if err != nil {
				return err
			}
			defer s.close()
			switch {
			case all:
				return a.endAll(cmd.Context(), s, yes)
			case byUser:
				return a.endUser(cmd.Context(), s, user, strings.ToLower(others))
			}
			key, err := a.find(cmd.Context(), s, args[0])
			if err != nil {
				return err
			}
			done, err := s.End(context.WithoutCancel(cmd.Context()), s.store, key)
			if err == nil && !done {
				err = &ended{statusFound, errors.New("there is no session with that handle any more")}
			}
			if err != nil {
				return err
			}
			return a.said(1)
		},
	}
	cmd.Flags().StringVarP(&user, "user", "u", "", "the sessions of this `user`")
	cmd.Flags().StringVar(&others, "others-than", "", "leave the session with this `handle`")
	cmd.Flags().BoolVar(&all, "all", false, "the sessions of everybody")
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
	return cmd
}

func count(given bool) int {
	if given {
		return 1
	}
	return 0
}

// said prints how many sessions were ended.
func (a *app) said(n int) error {
	if a.json {
		return a.object(map[string]int{"ended": n})
	}
	what := "sessions"
	if n == 1 {
		what = "session"
	}
	fmt.Fprintf(a.out, "%d %s ended\n", n, what)
	return nil
}

// endUser ends the sessions of a user: all by the factory's own way, which also bars a login
// that is half done, or all but one.
func (a *app) endUser(ctx context.Context, s *site, user, others string) error {
	keys, err := s.userKeys(ctx, user)
	if err != nil {
		return err
	}
	if others == "" {
		f, err := session.NewFactory(s.store, s.forFactory())
		if err != nil {
			return err
		}
		n, err := f.EndAll(context.WithoutCancel(ctx), user)
		return errors.Join(err, a.said(n))
	}
	if len(others) < shortHandle {
		return fmt.Errorf("end: a handle has %d digits; the first %d or more are enough", handleLen, shortHandle)
	}
	spared := func(key string) bool { return strings.HasPrefix(s.Handle(key), others) }
	switch n := len(slices.DeleteFunc(slices.Clone(keys), func(key string) bool { return !spared(key) })); n {
	case 0:
		return &ended{statusFound, errors.New("end: the user has no session with that handle; nothing was ended")}
	case 1:
	default:
		return errors.New("end: several sessions of the user have a handle that begins so; give more digits")
	}
	total := 0
	for range 10 { // a session that is renewed meanwhile has another key in the next listing
		n := 0
		for _, key := range keys {
			if spared(key) {
				continue
			}
			done, err := s.End(context.WithoutCancel(ctx), s.store, key)
			n += count(done)
			if err != nil {
				return errors.Join(err, a.said(total+n))
			}
		}
		if total += n; n == 0 {
			break
		}
		if keys, err = s.userKeys(ctx, user); err != nil {
			return err
		}
	}
	return a.said(total)
}

// forFactory are the options with which a factory can be made, also where the settings name
// a signer that this program does not have: no cookie is read or written.
func (s *site) forFactory() *session.Options {
	o := s.Session
	if o.Secret == "" && o.Signer == nil {
		o.Signer = noSigner{}
	}
	return &o
}

type noSigner struct{}

func (noSigner) Sign(string) (string, error)   { return "", session.ErrBadCookie }
func (noSigner) Verify(string) (string, error) { return "", session.ErrBadCookie }

const (
	// atOnce is how many sessions are ended, indexed or converted at once.
	atOnce = 32
	// passes bounds how often all keys are looked at: a session that is renewed while they
	// are may be missed.
	passes = 10
)

func (a *app) endAll(ctx context.Context, s *site, yes bool) error {
	now := time.Now().UTC().Truncate(time.Second)
	if !yes {
		whose := "in all keys"
		if s.Prefix() != "" {
			whose = "in all keys that begin with " + printable(s.Prefix())
		}
		err := a.confirm(ctx, fmt.Sprintf(`This ends the sessions of everybody at %s, %s.
The other way, which touches no record: redis.sessions.valid_since = %s in the settings, and a restart.`, s.Connect, whose, now.Format(time.RFC3339)))
		if err != nil {
			return err
		}
	}
	e := &ending{site: s, began: time.Now()}
	for range passes {
		before := e.done
		e.unreadable = 0
		err := a.scan(ctx, s, s.Front(), "ending", func(found []session.ScannedKey) error { return e.end(ctx, found) })
		if err != nil {
			status := statusBroken
			if ctx.Err() != nil {
				status, err = statusInterrupted, errors.New("interrupted: the other sessions were not touched; run it again to go on")
			}
			return errors.Join(a.said(e.done), &ended{status, err})
		}
		if e.done == before {
			break
		}
	}
	if e.unreadable > 0 && !a.json {
		fmt.Fprintf(a.err, "%d records that cannot be read were left as they are: they may be another program's\n", e.unreadable)
	}
	return a.said(e.done)
}

// ending ends sessions that began before it, by the clock of the server that made them.
type ending struct {
	*site
	began            time.Time
	done, unreadable int
}

// end ends the sessions of some records.
func (e *ending) end(ctx context.Context, found []session.ScannedKey) error {
	var mu sync.Mutex
	return each(ctx, found, func(k session.ScannedKey) error {
		r := e.Describe(k, e.began)
		switch {
		case r.Kind == inspect.NoSession, r.Kind == inspect.Renewed, r.Kind == inspect.Barred, r.Created.After(e.began.Add(clocksApart)):
			return nil
		case r.Kind == inspect.Unknown && e.Session.Format != session.FormatNative:
			mu.Lock()
			defer mu.Unlock()
			e.unreadable++
			return nil
		}
		done, err := e.End(context.WithoutCancel(ctx), e.store, k.Key)
		mu.Lock()
		defer mu.Unlock()
		e.done += count(done)
		return err
	})
}

// each calls f for records, several at once, and returns the first error. Ctrl-C lets those
// that were begun be finished, and begins no others.
func each(ctx context.Context, found []session.ScannedKey, f func(session.ScannedKey) error) error {
	var mu sync.Mutex
	var wg sync.WaitGroup
	var first error
	room := make(chan struct{}, atOnce)
	for _, k := range found {
		if ctx.Err() != nil {
			break
		}
		room <- struct{}{}
		wg.Go(func() {
			defer func() { <-room }()
			if err := f(k); err != nil {
				mu.Lock()
				defer mu.Unlock()
				if first == nil {
					first = err
				}
			}
		})
	}
	wg.Wait()
	if first == nil {
		first = ctx.Err()
	}
	return first
}
