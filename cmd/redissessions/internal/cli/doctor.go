package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/redis/go-redis/v9"
	"github.com/spf13/cobra"

	"github.com/pyramidgo/redissessions/connect"
	"github.com/pyramidgo/redissessions/connect/goredis"
)

func (a *app) doctorCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "doctor",
		Short: "Look at the server, and say what to mend",
		Long: `doctor connects as the application does and looks at all that sessions depend on: the
server and its version, the time of a round trip, its clock, the commands and keys that the
user may use, how a save is guarded, memory and eviction, persistence, replicas, Cluster and
Sentinel, and at the settings of the cookie and the secret. Each finding says what to do.

It writes one key of its own under the prefix, for a moment, and reads no session.

    ok       as it should be
    note     worth knowing; or it could not be looked at, because the user has not the right
    warning  it works, and will not always
    broken   sessions do not work so

The status is 0 when there is nothing but ok and note, 1 with a warning, 2 when something is
broken.`,
		Example: "  redissessions doctor --settings production.ini\n  redissessions doctor --settings production.ini --json | jq -r 'select(.level != \"ok\") | .text'",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.doctor(cmd.Context()) },
	}
}

// level is the severity of a finding.
type level int

const (
	ok level = iota
	note
	warning
	broken
)

func (l level) String() string { return [...]string{"ok", "note", "warning", "broken"}[l] }

// finding is a line of doctor's output.
type finding struct {
	Level level  `json:"-"`
	Word  string `json:"level"`
	About string `json:"about"`
	Text  string `json:"text"`
}

// diagnosis collects findings.
type diagnosis struct {
	*app
	*site
	client  redis.UniversalClient
	stopped func() error // the error of a context that Ctrl-C has ended
	worst   level
}

// find prints a finding. After Ctrl-C there is none: nothing was answered because of it.
func (d *diagnosis) find(l level, about, format string, args ...any) {
	if d.stopped() != nil {
		return
	}
	f := finding{Level: l, Word: l.String(), About: about, Text: fmt.Sprintf(format, args...)}
	d.worst = max(d.worst, l)
	if d.json {
		_ = d.object(f)
		return
	}
	fmt.Fprintf(d.out, "%-8s %-12s %s\n", f.Word, f.About, printable(f.Text))
}

func (a *app) doctor(ctx context.Context) error {
	d := &diagnosis{app: a, stopped: ctx.Err}
	src, err := a.load()
	if errors.Is(err, errNoSettings) {
		return err
	}
	if err != nil {
		d.find(broken, "settings", "%s", oneLine(err))
		return d.end()
	}
	if d.site, err = a.resolveFrom(src); err != nil {
		for _, mistake := range strings.Split(err.Error(), "\n") {
			d.find(broken, "settings", "%s", mistake)
		}
		return d.end()
	}
	d.lookAtSettings()
	if !d.connect(ctx) {
		return d.end()
	}
	defer d.client.Close() //nolint:errcheck // it was only asked
	defer d.close()
	d.lookAtServer(ctx)
	d.lookAtRights(ctx)
	return d.end()
}

// end returns doctor's status as an error.
func (d *diagnosis) end() error {
	if err := d.stopped(); err != nil {
		return err
	}
	switch d.worst {
	case broken:
		return &ended{status: statusBroken}
	case warning:
		return &ended{status: statusFound}
	case ok, note:
	}
	if !d.json {
		fmt.Fprintln(d.out, "\nAll is well.")
	}
	return nil
}

// connect opens the store as the application does, for the same errors; what the server
// lacks is found by lookAtRights.
func (d *diagnosis) connect(ctx context.Context) bool {
	d.Connect.Logger = slog.New(slog.DiscardHandler)
	if err := d.site.open(ctx); err != nil {
		d.find(broken, "connection", "%s", oneLine(err))
		return false
	}
	client, err := goredis.Client(d.Connect)
	if err != nil {
		d.close()
		d.find(broken, "connection", "%s", oneLine(err))
		return false
	}
	d.client = client
	d.find(ok, "connection", "%s answers", d.Connect)
	return true
}

func oneLine(err error) string { return strings.ReplaceAll(err.Error(), "\n", "; ") }

// lookAtRights probes what sessions need, and says which ACL line would do.
func (d *diagnosis) lookAtRights(ctx context.Context) {
	prober, isProber := d.store.(connect.Prober)
	if !isProber {
		d.find(note, "rights", "the connector does not say what the server lacks")
		return
	}
	found, err := prober.Probe(ctx, d.Connect.Needs)
	if err != nil {
		d.find(broken, "rights", "%s", oneLine(err))
		return
	}
	for _, text := range found.Errors {
		d.find(broken, "rights", "%s", text)
	}
	usable := len(found.Errors) == 0
	for _, text := range found.Warnings {
		if strings.HasPrefix(text, "no session could be saved") { // now; start-up lets it pass
			usable = false
			d.find(broken, aboutWarning(text), "%s", text)
			continue
		}
		d.find(warning, aboutWarning(text), "%s", text)
	}
	if found.NoGETEX {
		d.find(note, "rights", "no GETEX: GET and PEXPIRE are sent in its place, which takes the server a little more time; it is in Redis 6.2 and later, and needs +getex")
	}
	if found.NoUNLINK {
		d.find(note, "rights", "no UNLINK: DEL is sent in its place; it needs +unlink")
	}
	if found.NoRENAME {
		d.find(note, "rights", "no RENAME: a save of a record above 4 KiB carries it through a Lua script, which takes the server several times as long; it needs +rename")
	}
	d.guardedSave(found)
	if usable {
		d.find(ok, "rights", "the server carries out what sessions send")
	}
	if strings.Contains(strings.Join(append(found.Errors, found.Warnings...), " "), "NOPERM") || found.NoGETEX || found.NoUNLINK || found.NoRENAME {
		d.find(note, "rights", "these rights would do: %s", d.aclLine(found))
		return
	}
	d.find(note, "rights", "the application's user needs no more than: %s", d.aclLine(found))
}

func aboutWarning(text string) string {
	if strings.Contains(text, "maxmemory") {
		return "memory"
	}
	return "rights"
}

func (d *diagnosis) guardedSave(found *connect.Findings) {
	switch {
	case found.IFEQ && found.Scripts:
		d.find(ok, "saves", "by SET with IFEQ, by a script for records above 16 KiB (guarded_save = %s)", d.Settings.GuardedSave)
	case found.IFEQ:
		d.find(ok, "saves", "by SET with IFEQ at every size (guarded_save = %s)", d.Settings.GuardedSave)
	case found.Scripts:
		d.find(ok, "saves", "by a Lua script (guarded_save = %s)", d.Settings.GuardedSave)
	}
}

// literal escapes what has a meaning in the pattern of an ACL rule.
var literal = strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`, `]`, `\]`)

// aclLine is the least that the application's user needs, which docs/servers.md has, with
// RENAME.
func (d *diagnosis) aclLine(found *connect.Findings) string {
	name := "web"
	if o, err := d.Connect.Resolve(); err == nil && o.Username != "" {
		name = o.Username
	}
	keys := "*"
	if d.Prefix() != "" {
		keys = literal.Replace(d.Prefix()) + "*"
	}
	rights := "+ping +get +getex +set +pttl +pexpire +persist +exists +getrange +unlink +eval +evalsha"
	if found.IFEQ && !found.Scripts {
		rights = "+ping +get +getex +set +pttl +pexpire +persist +unlink"
		if found.DELIFEQ {
			rights += " +delifeq"
		}
	} else if o, _ := d.Connect.Resolve(); o.Mode != connect.Cluster {
		rights += " +rename"
	}
	if d.Settings.UserSessions {
		rights += " +zadd +zrem +zrange +zremrangebyscore +pexpireat +multi +exec"
	}
	o, _ := d.Connect.Resolve()
	if o.DB != 0 {
		rights += " +select"
	}
	if o.Mode == connect.Cluster {
		rights += " +cluster|slots +asking"
	}
	return fmt.Sprintf("user %s on >PASSWORD ~%s resetchannels -@all %s", name, keys, rights)
}
