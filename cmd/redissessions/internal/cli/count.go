package cli

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/pyramidgo/redissessions/session"
	"github.com/pyramidgo/redissessions/session/inspect"
)

func (a *app) countCommand() *cobra.Command {
	var prometheus bool
	cmd := &cobra.Command{
		Use:   "count",
		Short: "Count the sessions",
		Long: `count walks over the sessions with SCAN, on every primary of a cluster, and counts
them. It does not slow the server down as KEYS would, and takes some seconds for a million.

What comes or goes meanwhile may be counted or not.

With --prometheus it prints what the textfile collector of Prometheus's node exporter reads.`,
		Example: "  redissessions count --settings production.ini\n  redissessions count --settings production.ini --prometheus > sessions.prom.new && mv sessions.prom.new sessions.prom",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := a.open(cmd.Context())
			if err != nil {
				return err
			}
			defer s.close()
			var c counted
			began := time.Now()
			err = a.scan(cmd.Context(), s, s.Front(), "counting", func(found []session.ScannedKey) error {
				for _, k := range found {
					c.add(s.Describe(k, began))
				}
				return nil
			})
			if err != nil {
				return err
			}
			c.Seconds = time.Since(began).Seconds()
			return a.printCount(c, s.Session.Cookie.Name, prometheus)
		},
	}
	cmd.Flags().BoolVar(&prometheus, "prometheus", false, "print metrics for a textfile collector")
	return cmd
}

// counted is what count finds.
type counted struct {
	Sessions   int     `json:"sessions"`
	LoggedIn   int     `json:"logged_in"`
	Over       int     `json:"over"` // still stored, though a request would begin a new one
	Renewed    int     `json:"renewed"`
	Unreadable int     `json:"unreadable"`
	Bytes      int     `json:"bytes"`
	Seconds    float64 `json:"seconds"`
}

func (c *counted) add(r inspect.Record) {
	c.Bytes += r.Size
	switch {
	case r.Kind == inspect.NoSession:
		c.Bytes -= r.Size
	case r.Kind == inspect.Unknown:
		c.Unreadable++
	case r.Kind != inspect.Live:
		c.Renewed++
	case r.Why != "":
		c.Over++
	default:
		c.Sessions++
		if !r.LoggedIn.IsZero() {
			c.LoggedIn++
		}
	}
}

func (a *app) printCount(c counted, cookie string, prometheus bool) error {
	switch {
	case prometheus:
		for _, m := range []struct {
			name, help string
			value      float64
		}{
			{"sessions", "Sessions that are stored.", float64(c.Sessions)},
			{"logged_in_sessions", "Sessions of which Login was called.", float64(c.LoggedIn)},
			{"over_sessions", "Records of sessions that are over by the times in them.", float64(c.Over)},
			{"markers", "Records that lead from a renewed session to its new ID, or bar one that was ended.", float64(c.Renewed)},
			{"unreadable_records", "Records that are not of these settings.", float64(c.Unreadable)},
			{"record_bytes", "Bytes of all records.", float64(c.Bytes)},
			{"scan_duration_seconds", "How long the count took.", c.Seconds},
		} {
			fmt.Fprintf(a.out, "# HELP redissessions_%[1]s %[2]s\n# TYPE redissessions_%[1]s gauge\nredissessions_%[1]s{cookie=%[3]s} %[4]s\n",
				m.name, m.help, label(cookie), strconv.FormatFloat(m.value, 'g', -1, 64))
		}
		return nil
	case a.json:
		return a.object(c)
	}
	rows := [][]string{
		{"sessions", strconv.Itoa(c.Sessions)},
		{"  logged in", strconv.Itoa(c.LoggedIn)},
		{"over, still stored", strconv.Itoa(c.Over)},
		{"left by a renewal", strconv.Itoa(c.Renewed)},
		{"unreadable", strconv.Itoa(c.Unreadable)},
		{"bytes of records", strconv.Itoa(c.Bytes)},
	}
	table(a.out, rows)
	return nil
}

// label quotes a label's value as Prometheus reads it.
func label(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(text) + `"`
}
