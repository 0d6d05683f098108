package cli

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/pyramidgo/redissessions/session"
	"github.com/pyramidgo/redissessions/session/inspect"
	"github.com/pyramidgo/redissessions/settings"
)

func (a *app) reindexCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "reindex",
		Short: "Rebuild the indexes of the users' sessions from the records",
		Long: `reindex walks over all sessions and puts each for which the application called
Session.Login into the index of its user: after an index was lost or evicted, or when
user_sessions is switched on while users are logged in.

Entries that are there stay, and entries of sessions that have gone are dropped when they
are next listed. It may run while the application does, and may be interrupted and repeated.
A session whose application did not call Session.Login has no user, and is left out.`,
		Example: "  redissessions reindex --settings production.ini",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := a.open(cmd.Context())
			if err != nil {
				return err
			}
			defer s.close()
			if !s.Settings.UserSessions {
				return errors.New("redis.sessions.user_sessions is off: there is no index; set it to true")
			}
			added, unreadable := 0, 0
			var mu sync.Mutex
			one := func(k session.ScannedKey) error {
				done, err := s.Index(context.WithoutCancel(cmd.Context()), s.store, k, time.Now())
				mu.Lock()
				defer mu.Unlock()
				added += count(done)
				if errors.Is(err, session.ErrUndecodable) || errors.Is(err, session.ErrCrossedReply) {
					unreadable++
					return nil
				}
				return err
			}
			err = a.scan(cmd.Context(), s, -1, "indexing", func(found []session.ScannedKey) error { return each(cmd.Context(), found, one) })
			if err != nil {
				return a.interrupted(cmd.Context(), err, fmt.Sprintf("%d sessions were indexed; run it again to go on", added))
			}
			if a.json {
				return a.object(map[string]int{"indexed": added, "unreadable": unreadable})
			}
			fmt.Fprintf(a.out, "%d sessions are in the indexes of their users\n", added)
			if unreadable > 0 {
				fmt.Fprintf(a.err, "%d records cannot be read with these settings and were left out\n", unreadable)
			}
			return nil
		},
	}
}

// interrupted adds to an error what the command has done so far.
func (*app) interrupted(ctx context.Context, err error, far string) error {
	if ctx.Err() != nil {
		return &ended{statusInterrupted, errors.New("interrupted: " + far)}
	}
	return fmt.Errorf("%w; %s", err, far)
}

func (a *app) convertCommand() *cobra.Command {
	var format, file, section string
	var dry, yes bool
	cmd := &cobra.Command{
		Use:   "convert --to FORMAT | --to-settings FILE",
		Short: "Rewrite the sessions for other settings: format, codec, prefix, encryption",
		Long: `convert rewrites the stored sessions so that an application with other settings
reads them: another format, codec (encode and decode), prefix, encryption key, or server.

Run it with --dry-run first: it writes nothing, and lists every session that would not come
through, with the reason. Stop the application before the real run.

Records under a new key are written beside the old ones, which go when they time out; a
record that is there already is left as it is. Where the key stays the record is replaced,
unless a request has changed it meanwhile. It may be interrupted and repeated.

What it cannot do: the native format keeps no session ID, which is the key in the Pyramid
formats, so nothing leads from it to those. And a cookie of one format is not accepted by
another: register a signer (cookie_signer) that verifies both, or the visitors log in again.`,
		Example: "  redissessions convert --settings old.ini --to native --dry-run\n  redissessions convert --settings old.ini --to-settings new.ini",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if (format == "") == (file == "") {
				return errors.New("convert: give one of --to and --to-settings")
			}
			s, err := a.open(cmd.Context())
			if err != nil {
				return err
			}
			defer s.close()
			src, err := a.load()
			if err != nil {
				return err
			}
			var target settings.Source = overlaid{src, format}
			if file != "" {
				if target, err = a.loadFile(file, section); err != nil {
					return err
				}
			}
			to, err := a.resolveFrom(target)
			if err != nil {
				return fmt.Errorf("convert: the settings to convert to: %w", err)
			}
			if s.Session.Format == session.FormatNative && to.Session.Format != session.FormatNative {
				return inspect.ErrNoID
			}
			if err := to.open(cmd.Context()); err != nil {
				return err
			}
			defer to.close()
			if !dry && !yes {
				if err := a.confirm(cmd.Context(), fmt.Sprintf("This rewrites the sessions at %s from the format %s to %s at %s.", s.Connect, s.Session.Format, to.Session.Format, to.Connect)); err != nil {
					return err
				}
			}
			return a.convert(cmd.Context(), s, to, dry)
		},
	}
	cmd.Flags().StringVar(&format, "to", "", "the `format`: native, pyramid_redis_sessions or pyramid_session_redis, all other settings as they are")
	cmd.Flags().StringVar(&file, "to-settings", "", "the settings `file` to convert to")
	cmd.Flags().StringVar(&section, "to-section", "", "its section")
	cmd.Flags().BoolVarP(&dry, "dry-run", "n", false, "write nothing, and list what would not come through")
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
	_ = cmd.RegisterFlagCompletionFunc("to", cobra.FixedCompletions([]string{"native", "pyramid_redis_sessions", "pyramid_session_redis"}, cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.MarkFlagFilename("to-settings", "ini", "yaml", "yml", "toml", "json")
	return cmd
}

// overlaid is a source with another format.
type overlaid struct {
	settings.Source
	format string
}

const formatKey = "go.redis.sessions.format"

func (o overlaid) AllKeys() []string { return append(o.Source.AllKeys(), formatKey) }

func (o overlaid) Get(key string) any {
	if key == formatKey {
		return o.format
	}
	return o.Source.Get(key)
}

// conversion is what convert has done.
type conversion struct {
	Converted int  `json:"converted"`
	Left      int  `json:"left"` // used meanwhile, or converted before
	Failed    int  `json:"failed"`
	DryRun    bool `json:"dry_run"`
}

func (a *app) convert(ctx context.Context, s, to *site, dry bool) error {
	c := conversion{DryRun: dry}
	var mu sync.Mutex
	one := func(k session.ScannedKey) error {
		converted, err := s.Convert(k, to.Inspector, time.Now())
		done := err == nil && converted != nil
		if done && !dry {
			if done, err = converted.Store(context.WithoutCancel(ctx), to.store); err != nil {
				return err
			}
		}
		mu.Lock()
		defer mu.Unlock()
		switch {
		case done:
			c.Converted++
		case errors.Is(err, inspect.ErrConverted), err == nil && converted != nil:
			c.Left++
		case err != nil:
			c.Failed++
			a.notConverted(s.Handle(k.Key), err)
		}
		return nil
	}
	err := a.scan(ctx, s, -1, "converting", func(found []session.ScannedKey) error { return each(ctx, found, one) })
	if err != nil {
		return a.interrupted(ctx, err, fmt.Sprintf("%d sessions were converted; run it again to go on", c.Converted))
	}
	switch {
	case a.json:
		err = a.object(c)
	case dry:
		fmt.Fprintf(a.out, "%d sessions would be converted, %d would not come through; nothing was written\n", c.Converted, c.Failed)
	default:
		fmt.Fprintf(a.out, "%d sessions were converted, %d were left as they are, %d did not come through\n", c.Converted, c.Left, c.Failed)
		if to.Settings.UserSessions {
			fmt.Fprintln(a.out, "Run reindex with the new settings: the indexes of the users name the sessions by their keys.")
		}
	}
	if err == nil && c.Failed > 0 {
		err = &ended{status: statusFound}
	}
	return err
}

func (a *app) notConverted(handle string, err error) {
	if a.json {
		_ = a.object(map[string]string{"handle": handle, "why": err.Error()})
		return
	}
	fmt.Fprintf(a.out, "%s  %s\n", handle, printable(err.Error()))
}
