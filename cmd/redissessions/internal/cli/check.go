package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pyramidgo/redissessions/settings"
)

func (a *app) checkCommand() *cobra.Command {
	var online bool
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Print the settings in force, and every mistake in them",
		Long: `check prints every setting with its value and where that comes from: the file and
the line, the environment variable, or the default. Secrets and URLs are [redacted].
Then come all mistakes at once, or, where there is none, what is allowed but unwise.

It does not connect to Redis, unless --online is given: then it goes on as doctor does.
Names that the application registers itself (codecs, hooks, connectors) are not known here;
they are noted, and are no mistake.

The status is 1 when there is a mistake, and 2 when there is no file to look at; with --online
it is doctor's.`,
		Example: "  redissessions check --settings production.ini\n  redissessions check --settings settings.yaml --section admin --online",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := a.check(); err != nil || !online {
				return err
			}
			return a.doctor(cmd.Context())
		},
	}
	cmd.Flags().BoolVar(&online, "online", false, "go on as doctor does, and look at the server")
	return cmd
}

// checked is what check finds.
type checked struct {
	Settings []checkedSetting `json:"settings"`
	Mistakes []string         `json:"mistakes"`
	Warnings []string         `json:"warnings"`
	Notes    []string         `json:"notes"`
}

type checkedSetting struct {
	Name   string `json:"name"`
	Key    string `json:"key,omitempty"` // where another name gives it
	Value  string `json:"value"`
	Origin string `json:"origin"`
}

func (a *app) check() error {
	found := checked{Settings: []checkedSetting{}, Mistakes: []string{}, Warnings: []string{}, Notes: []string{}}
	src, err := a.load()
	if errors.Is(err, errNoSettings) || errors.Is(err, settings.ErrUnreadable) {
		return err
	}
	if err != nil { // a mistake in the file
		found.Mistakes = strings.Split(err.Error(), "\n")
		a.printChecked(found)
		return &ended{status: statusFound}
	}
	for _, e := range settings.Effectives(src) {
		s := checkedSetting{Name: e.Name, Value: e.Value, Origin: e.Origin}
		if e.Key != "" && e.Key != e.Name {
			s.Key = e.Key
		}
		found.Settings = append(found.Settings, s)
	}
	if s, err := a.resolveFrom(src); err != nil {
		found.Mistakes = strings.Split(err.Error(), "\n")
	} else {
		found.Warnings = append(found.Warnings, s.Settings.Warnings...)
		for _, err := range s.Unregistered {
			found.Notes = append(found.Notes, "known to the application only: "+err.Error())
		}
	}
	a.printChecked(found)
	if len(found.Mistakes) > 0 {
		return &ended{status: statusFound}
	}
	return nil
}

func (a *app) printChecked(found checked) {
	if a.json {
		_ = a.object(found)
		return
	}
	var rows [][]string
	if len(found.Settings) > 0 {
		rows = append(rows, []string{"SETTING", "VALUE", "FROM"})
	}
	for _, s := range found.Settings {
		value, origin := s.Value, s.Origin
		if value == "" {
			value = "-"
		}
		if s.Key != "" {
			origin += ", as " + s.Key
		}
		rows = append(rows, []string{s.Name, value, origin})
	}
	table(a.out, rows)
	between := ""
	if len(rows) > 0 {
		between = "\n"
	}
	for _, part := range []struct {
		title string
		lines []string
	}{{"Mistakes", found.Mistakes}, {"Warnings", found.Warnings}, {"Notes", found.Notes}} {
		if len(part.lines) > 0 {
			fmt.Fprintf(a.out, "%s%s:\n", between, part.title)
			between = "\n"
		}
		for _, line := range part.lines {
			fmt.Fprintln(a.out, "  "+printable(line))
		}
	}
	if len(found.Mistakes) == 0 {
		fmt.Fprintln(a.out, "\nThere is no mistake in the settings.")
	}
}
