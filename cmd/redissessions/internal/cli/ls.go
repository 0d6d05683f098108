package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/pyramidgo/redissessions/session"
	"github.com/pyramidgo/redissessions/session/inspect"
)

func (a *app) lsCommand() *cobra.Command {
	var user string
	var limit int
	var all bool
	cmd := &cobra.Command{
		Use:     "ls",
		Aliases: []string{"list"},
		Short:   "List the sessions, all or those of a user",
		Long: `ls lists sessions: when they began, when the user logged in, how long they last if
they are not used, the size of their record, whether they are bound to their browser
(device_bound), and the handle by which show and end take them.

With --user it reads the index of that user's sessions, which user_sessions keeps. Without,
it walks over all sessions with SCAN, on every primary of a cluster, and prints them as they
come, in no order. Listing restarts no timeout.`,
		Example: "  redissessions ls --settings production.ini --user alice\n  redissessions ls --settings production.ini --limit 20\n  redissessions ls --settings production.ini --json | jq 'select(.size > 100000)'",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if limit < 0 {
				return errors.New("ls: the number after --limit is negative; 0 is no limit")
			}
			s, err := a.open(cmd.Context())
			if err != nil {
				return err
			}
			defer s.close()
			out := bufio.NewWriter(a.out)
			defer out.Flush() //nolint:errcheck // a pipe that was closed is its reader's choice
			list := &list{app: *a, limit: limit, all: all}
			list.out, list.noBar = out, isTerminal(a.out) // the rows show the progress
			if cmd.Flags().Changed("user") {
				return list.user(cmd.Context(), s, user)
			}
			err = list.everything(cmd.Context(), s)
			if errors.Is(err, errEnough) {
				return nil
			}
			if err == nil && list.printed == 0 && !a.json {
				fmt.Fprintln(a.err, "there is no session")
			}
			return err
		},
	}
	cmd.Flags().StringVarP(&user, "user", "u", "", "only the sessions of this `user`, as the application names it at Login")
	cmd.Flags().IntVarP(&limit, "limit", "n", 0, "stop after this `number`; 0 is no limit")
	cmd.Flags().BoolVarP(&all, "all", "a", false, "also what a renewal has left, and records that cannot be read")
	return cmd
}

var errEnough = errors.New("enough")

// list prints records.
type list struct {
	app
	limit, printed int
	all            bool
}

func (l *list) everything(ctx context.Context, s *site) error {
	return l.scan(ctx, s, s.Front(), "listing", func(found []session.ScannedKey) error {
		for _, k := range found {
			if err := l.print(s.Describe(k, time.Now())); err != nil {
				return err
			}
		}
		return nil
	})
}

// user lists the sessions in a user's set. A key whose session has gone is left out.
func (l *list) user(ctx context.Context, s *site, user string) error {
	keys, err := s.userKeys(ctx, user)
	if err != nil {
		return err
	}
	for _, key := range keys {
		rec, ttl, err := s.record(ctx, key)
		if errors.Is(err, session.ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		if err := l.print(s.Describe(session.ScannedKey{Key: key, Front: rec, Size: len(rec), TTL: ttl}, time.Now())); err != nil {
			if errors.Is(err, errEnough) {
				return nil
			}
			return err
		}
	}
	if l.printed == 0 && !l.json {
		fmt.Fprintf(l.err, "%s has no session\n", printable(user))
	}
	return nil
}

// userKeys are the keys of the sessions in a user's set.
func (s *site) userKeys(ctx context.Context, user string) ([]string, error) {
	switch {
	case user == "":
		return nil, errors.New("the user is empty: give the text that the application gives to Login")
	case !s.Settings.UserSessions:
		return nil, errors.New("redis.sessions.user_sessions is off: the sessions are not kept by user; set it to true, and run reindex")
	}
	return s.Keys(ctx, s.store, user)
}

// record reads the record at a key, and its time to live.
func (s *site) record(ctx context.Context, key string) ([]byte, time.Duration, error) {
	if l, ok := s.store.(session.TTLLoader); ok {
		return l.LoadTTL(ctx, key)
	}
	rec, err := s.store.Load(ctx, key, 0)
	return rec, 0, err
}

const listLine = "%-19s  %-19s  %8s  %8s  %-10s  %-5s  %s\n"

func (l *list) print(r inspect.Record) error {
	if r.Kind == inspect.NoSession || r.Kind != inspect.Live && !l.all {
		return nil
	}
	if l.limit > 0 && l.printed == l.limit {
		return errEnough
	}
	if l.printed++; l.json {
		return l.object(inJSON(r))
	}
	if l.printed == 1 {
		if _, err := fmt.Fprintf(l.out, listLine, "CREATED (UTC)", "LOGGED IN", "LEFT", "SIZE", "KIND", "BOUND", "HANDLE"); err != nil {
			return err
		}
	}
	kind := string(r.Kind)
	if r.Kind == inspect.Live && r.Why != "" {
		kind = "over"
	}
	left, bound := "-", "-"
	if r.Bound {
		bound = "yes"
	}
	if !r.Ends.IsZero() {
		left = span(max(time.Until(r.Ends), time.Millisecond))
	}
	_, err := fmt.Fprintf(l.out, listLine, moment(r.Created), moment(r.LoggedIn), left, strconv.Itoa(r.Size), kind, bound, r.Handle)
	return err
}
