// Package cli is the command redissessions.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/viper"

	"github.com/pyramidgo/redissessions/connect"
	"github.com/pyramidgo/redissessions/factory"
	"github.com/pyramidgo/redissessions/session"
	"github.com/pyramidgo/redissessions/session/inspect"
	"github.com/pyramidgo/redissessions/settings"
)

// The statuses with which the command ends.
const (
	statusFine        = 0
	statusFound       = 1   // mistakes, warnings, no such session
	statusBroken      = 2   // it could not be done: no server, no right, wrong usage
	statusInterrupted = 130 // Ctrl-C, as shells have it
)

// ended is an error with the status of the command. Without an inner error there is nothing
// more to print.
type ended struct {
	status int
	err    error
}

func (e *ended) Error() string {
	if e.err == nil {
		return ""
	}
	return e.err.Error()
}

func (e *ended) Unwrap() error { return e.err }

// app is what the commands share: the streams and the flags that all have.
type app struct {
	in       io.Reader
	out, err io.Writer

	settings, section, envPrefix string
	json                         bool
	noBar                        bool
}

// Run runs the command with its arguments and returns its status.
func Run(args []string, in io.Reader, out, errOut io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second Ctrl-C does not wait
	written := &written{Writer: out}
	a := &app{in: in, out: written, err: errOut}
	root := a.root()
	root.SetArgs(args)
	root.SetIn(in)
	root.SetOut(written)
	root.SetErr(errOut)
	err := root.ExecuteContext(ctx)
	if written.err != nil && !errors.Is(err, written.err) {
		err = errors.Join(err, written.err)
	}
	if err == nil {
		return statusFine
	}
	status := statusBroken
	if e := (*ended)(nil); errors.As(err, &e) && written.err == nil {
		status = e.status
	} else if ctx.Err() != nil {
		status, err = statusInterrupted, errors.New("interrupted")
	}
	for line := range strings.Lines(err.Error()) {
		if line = strings.TrimRight(line, "\n"); line != "" {
			fmt.Fprintln(errOut, "redissessions: "+printable(line))
		}
	}
	return status
}

// release is the version that a build without a version of its module says: go build in a
// checkout, without the stamp of the commit. internal/release keeps it equal to CHANGELOG.md.
const release = "v0.1.0"

// version is that of the module which the command was built from.
func version() string {
	info, ok := debug.ReadBuildInfo()
	return versionOf(info, ok)
}

func versionOf(info *debug.BuildInfo, ok bool) string {
	if !ok || info.Main.Version == "" || info.Main.Version == "(devel)" {
		return release
	}
	return info.Main.Version
}

// Root returns the command for its manual pages.
func Root() *cobra.Command { return (&app{in: os.Stdin, out: os.Stdout, err: os.Stderr}).root() }

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:     "redissessions",
		Version: version(),
		Short:   "Look at an application's sessions in Redis, and end them",
		Long: `redissessions looks at the sessions that an application keeps in Redis with
github.com/pyramidgo/redissessions. It reads the application's own settings file, so that
there is nothing to configure, and connects to the server that is named there.

It never prints a session ID, a secret or a password. A session is named by its handle, of
which no cookie can be made.

Its status is 0 when all is well, 1 when there is something to see to (a mistake in the
settings, a warning, no such session), and 2 when it could not do what it was asked.`,
		Example: `  redissessions check  --settings production.ini        are the settings right?
  redissessions doctor --settings production.ini        is the server right?
  redissessions count  --settings production.ini
  redissessions ls     --settings production.ini --user alice
  redissessions show   --settings production.ini < cookie.txt
  redissessions end    --settings production.ini --user alice`,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.InitDefaultHelpFlag() // else --help takes the flag behind it for its value
	root.InitDefaultVersionFlag()
	flags := root.PersistentFlags()
	flags.StringVarP(&a.settings, "settings", "s", "", "the application's settings `file` (.ini, .yaml, .toml, .json); of file#section that section")
	flags.StringVar(&a.section, "section", "", "the section of the settings file: [app:`name`] in an INI file, the top-level key elsewhere")
	flags.StringVar(&a.envPrefix, "env-prefix", "", "the `prefix` of the environment variables that override the file, as the application gives it to settings.EnvPrefix")
	flags.BoolVar(&a.json, "json", false, "print JSON; a list is one object a line")
	_ = root.MarkPersistentFlagFilename("settings", "ini", "yaml", "yml", "toml", "json")
	root.AddGroup(&cobra.Group{ID: "look", Title: "Look:"}, &cobra.Group{ID: "change", Title: "Change:"}, &cobra.Group{ID: "rest", Title: "Secrets and help:"})
	for group, commands := range map[string][]*cobra.Command{
		"look":   {a.checkCommand(), a.doctorCommand(), a.countCommand(), a.lsCommand(), a.showCommand()},
		"change": {a.endCommand(), a.reindexCommand(), a.convertCommand()},
		"rest":   {a.secretCommand()},
	} {
		for _, c := range commands {
			c.GroupID = group
			root.AddCommand(c)
		}
	}
	root.SetHelpCommandGroupID("rest")
	root.SetCompletionCommandGroupID("rest")
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return fmt.Errorf("%w; see %s --help", err, cmd.CommandPath())
	})
	return root
}

var errNoSettings = errors.New("name the application's settings file: --settings production.ini")

// load reads the settings file.
func (a *app) load() (*viper.Viper, error) { return a.loadFile(a.settings, a.section) }

func (a *app) loadFile(path, section string) (*viper.Viper, error) {
	if path == "" {
		return nil, errNoSettings
	}
	if section != "" {
		path += "#" + section
	}
	var opts []settings.LoadOption
	if a.envPrefix != "" {
		opts = append(opts, settings.EnvPrefix(a.envPrefix))
	}
	return settings.Load(path, opts...)
}

// site is an application's sessions: where they are, and how they are stored.
type site struct {
	*factory.Parts
	*inspect.Inspector
	store session.Store
}

// resolve reads the settings, and returns how the sessions are stored.
func (a *app) resolve() (*site, error) {
	src, err := a.load()
	if err != nil {
		return nil, err
	}
	return a.resolveFrom(src)
}

func (a *app) resolveFrom(src settings.Source) (*site, error) {
	parts, err := factory.Resolve(src, factory.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		return nil, err
	}
	i, err := inspect.New(&parts.Session)
	if err != nil {
		return nil, err
	}
	return &site{Parts: parts, Inspector: i}, nil
}

// open reads the settings and connects.
func (a *app) open(ctx context.Context) (*site, error) {
	s, err := a.resolve()
	if err != nil {
		return nil, err
	}
	return s, s.open(ctx)
}

// open connects as the application does, and returns the same errors. A server that answers
// and cannot save sessions, such as a replica, is no error: its sessions can be listed, and
// doctor reports what it lacks. Ctrl-C does not wait for the server: the program ends, and the
// connection with it.
func (s *site) open(ctx context.Context) error {
	opened := make(chan error, 1)
	go func() { opened <- s.connect(ctx) }()
	select {
	case err := <-opened:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *site) connect(ctx context.Context) (err error) {
	if o, err := s.Connect.Resolve(); err == nil && o.Mode == connect.Embedded {
		return errors.New("the sessions are kept inside of the application's process (embedded): there is no server to look at")
	}
	s.Connect.LazyConnect = false
	if s.store, err = s.Open(); !errors.Is(err, session.ErrRefused) {
		return err
	}
	s.Connect.LazyConnect = true
	store, lazyErr := s.Open()
	if lazyErr != nil {
		return err
	}
	if p, ok := store.(session.Pinger); ok && p.Ping(ctx) != nil {
		_ = store.Close()
		return err
	}
	s.store = store
	return nil
}

func (s *site) close() { _ = s.store.Close() }

var errNoScan = errors.New("the connector's store cannot be scanned (it is no session.KeyScanner)")

// scan visits all records under the prefix, with a progress bar.
func (a *app) scan(ctx context.Context, s *site, front int, what string, visit func([]session.ScannedKey) error) error {
	scanner, ok := s.store.(session.KeyScanner)
	if !ok {
		return errNoScan
	}
	bar := a.newBar(what)
	defer bar.end()
	return scanner.ScanKeys(ctx, s.Prefix(), front, func(found []session.ScannedKey, progress float64) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		bar.at(progress)
		return visit(found)
	})
}
