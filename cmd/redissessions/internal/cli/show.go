package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/pyramidgo/redissessions/session"
	"github.com/pyramidgo/redissessions/session/inspect"
)

func (a *app) showCommand() *cobra.Command {
	var values bool
	var user string
	cmd := &cobra.Command{
		Use:   "show [HANDLE [--user USER]]",
		Short: "Show a session, or say why a cookie opens none",
		Long: `show says what is known of one session: when it began, how long it lasts, the keys of
its data and their sizes. The session is named by the handle that ls prints (the first 8
digits or more are enough), or by a cookie on standard input: its value, or the whole Cookie
header, as the visitor's browser sends it. A cookie is never printed, nor is the ID in it.

With --user it is one of that user's sessions, and the handle may also be the one that the
application gets from Factory.Sessions, as on a page "Where you are logged in": all of its 48
digits. It is found by the index of the user's sessions, which user_sessions keeps.

For a cookie it says which secret has signed it and what stands at the session's key: why a
visitor was logged out. Of several cookies of the name it takes the one
that the application takes. The status is 1 when the cookie opens no session.

The values of the data are the visitor's. They are printed only with --values, and never the
CSRF token. Encrypted records are decrypted with the keys in the settings.`,
		Example: "  redissessions show --settings production.ini 5f1d0c9a\n  redissessions show --settings production.ini < cookie.txt\n  redissessions show --settings production.ini --user alice 0d5c9a7be2f14c3d9c0f6a58b7e41d20935ac86f1b7d4e02",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			ofUser := cmd.Flags().Changed("user")
			if ofUser && len(args) == 0 {
				return errors.New("show: --user goes with a handle; ls --user lists the sessions of a user")
			}
			s, err := a.resolve()
			if err != nil {
				return err
			}
			var tried []verdict
			if len(args) == 0 {
				if tried, err = a.cookies(cmd.Context(), s); err != nil {
					return err
				}
				if !slices.ContainsFunc(tried, func(v verdict) bool { return v.key != "" }) {
					return a.printVerdict(tried[len(tried)-1], values)
				}
			}
			if err := s.open(cmd.Context()); err != nil {
				return err
			}
			defer s.close()
			if len(args) == 1 {
				find := a.find
				if ofUser {
					find = func(ctx context.Context, s *site, handle string) (string, error) { return s.findOf(ctx, user, handle) }
				}
				key, err := find(cmd.Context(), s, args[0])
				if err != nil {
					return err
				}
				tried = []verdict{{key: key}}
			}
			v, err := s.taken(cmd.Context(), tried)
			if err != nil {
				return err
			}
			return a.printVerdict(v, values)
		},
	}
	cmd.Flags().StringVarP(&user, "user", "u", "", "the session is one of this `user`, and the handle may be that of Factory.Sessions")
	cmd.Flags().BoolVar(&values, "values", false, "print the values of the data too")
	return cmd
}

// verdict is what show prints.
type verdict struct {
	key     string // of the session, "" where a cookie names none
	cookie  string // a sentence about the cookie, "" without one
	why     string // why it opens no session
	found   bool   // there is a record
	record  inspect.Contents
	goesTo  *inspect.Contents // what a marker leads to
	goneWhy string
}

// cookies reads cookies and verifies them. They are in the order in which a request tries
// them, one at the least.
func (a *app) cookies(ctx context.Context, s *site) ([]verdict, error) {
	if isTerminal(a.in) {
		fmt.Fprintln(a.err, "Paste the cookie's value, or the Cookie header, and press Enter:")
	}
	text, err := a.line(ctx)
	if err != nil {
		return nil, err
	}
	if text == "" {
		return nil, errors.New("show: no handle was given, and no cookie on standard input")
	}
	if s.Secrets() == 0 {
		return nil, errors.New("show: the application signs its cookies with a signer of its own (cookie_signer), which this command does not have; give the session's handle")
	}
	name := s.Session.Cookie.Name
	values := cookieValues(text, name)
	if len(values) == 0 {
		return []verdict{{why: fmt.Sprintf("the header has no cookie named %q", name)}}, nil
	}
	var tried []verdict
	for n, value := range values {
		v := verified(s, value)
		if len(values) > 1 {
			v.cookie = fmt.Sprintf("number %d of the %d of its name, and %s", n+1, len(values), v.cookie)
		}
		tried = append(tried, v)
	}
	if s.Session.Format != session.FormatNative { // Python takes the last
		slices.Reverse(tried)
	}
	return tried, nil
}

// verified says which secret has signed a cookie, and which session it names.
func verified(s *site, value string) (v verdict) {
	key, secret, err := s.Cookie(value)
	switch {
	case err != nil:
		v.cookie, v.why = unverified(s, value, err)
	case secret > 0:
		v.key, v.cookie = key, fmt.Sprintf("signed with the secret number %d in redis.sessions.secret_previous; it is signed anew when it is next used", secret)
	default:
		v.key, v.cookie = key, "signed with redis.sessions.secret"
	}
	return v
}

// taken looks at the sessions that cookies name, and returns what a request with them gets:
// the first live session, else one that was renewed, else what has become of the last.
func (s *site) taken(ctx context.Context, tried []verdict) (verdict, error) {
	best := tried[len(tried)-1]
	for _, v := range tried {
		if v.key == "" {
			continue
		}
		if err := s.look(ctx, v.key, &v); err != nil || v.why == "" {
			return v, err
		}
		if best.record.Kind != inspect.Renewed {
			best = v
		}
	}
	return best, nil
}

// unverified returns a sentence about why no secret may have signed a cookie.
func unverified(s *site, value string, err error) (cookie, why string) {
	if f := (*inspect.ForeignCookie)(nil); errors.As(err, &f) {
		return fmt.Sprintf("signed with the secret, in the format %s", f.Format),
			fmt.Sprintf("it is a cookie of the format %s, and redis.sessions.format is %s", f.Format, s.Session.Format)
	}
	hint := ""
	switch {
	case strings.ContainsAny(value, `"`):
		hint = "; it has quotation marks, which do not belong to it"
	case strings.Contains(value, "%"):
		hint = "; it has a %, as if it had been encoded for a URL"
	case len(value) < 64:
		hint = "; it is too short, and may have been cut"
	}
	return "not signed with any of the secrets",
		fmt.Sprintf("none of the %d secrets in the settings has signed it: the secret was changed without keeping the old one in secret_previous, the cookie was changed, or it is that of another application or of another cookie_name%s", s.Secrets(), hint)
}

// cookieValues returns the values of the cookies of a name in a Cookie header, or the text
// itself when it is a value alone.
func cookieValues(text, name string) (values []string) {
	if len(text) > 7 && strings.EqualFold(text[:7], "cookie:") {
		text = strings.TrimSpace(text[7:])
	}
	if !strings.ContainsAny(text, ";") && !strings.HasPrefix(text, name+"=") && !strings.Contains(strings.TrimRight(text, "="), "=") {
		return []string{text}
	}
	r := &http.Request{Header: http.Header{"Cookie": {text}}}
	for _, c := range r.CookiesNamed(name) {
		values = append(values, c.Value)
	}
	return values
}

// look reads the record at a key, and what it leads to.
func (s *site) look(ctx context.Context, key string, v *verdict) error {
	rec, ttl, err := s.record(ctx, key)
	if errors.Is(err, session.ErrNotFound) {
		v.why = "there is no record of the session: it was logged out or ended, it was not used for its idle timeout" +
			", or the server lost it (evicted, restarted without its data; see doctor)"
		return nil
	}
	if err != nil {
		return err
	}
	v.found, v.record = true, s.Read(key, rec, ttl, time.Now())
	v.why = v.record.Why
	if next := s.Key(v.record.Successor); v.record.Kind == inspect.Renewed && next != "" {
		rec, ttl, err := s.record(ctx, next)
		switch {
		case errors.Is(err, session.ErrNotFound):
			v.goneWhy = "the session that it went on as has gone since"
		case err != nil:
			return err
		default:
			c := s.Read(next, rec, ttl, time.Now())
			v.goesTo = &c
		}
	}
	return nil
}

// The shortest abbreviation of a handle, the digits of a whole one, and those of a handle of
// Factory.Sessions.
const (
	shortHandle = 8
	handleLen   = 64
	infoLen     = 48
)

// checkHandle returns the handle in lower case.
func checkHandle(handle string) (string, error) {
	handle = strings.ToLower(handle)
	if len(handle) < shortHandle || len(handle) > handleLen || strings.Trim(handle, "0123456789abcdef") != "" {
		return "", fmt.Errorf("that is no handle: ls prints them, %d digits from 0 to f; the first %d or more are enough", handleLen, shortHandle)
	}
	return handle, nil
}

var errNoSuchHandle = &ended{statusFound, errors.New("there is no session with that handle")}

// findOf returns the key of a user's session with a handle: one of Factory.Sessions, or of ls.
func (s *site) findOf(ctx context.Context, user, handle string) (string, error) {
	handle, err := checkHandle(handle)
	if err != nil {
		return "", err
	}
	keys, err := s.userKeys(ctx, user)
	if err != nil {
		return "", err
	}
	if key, err := s.Named(ctx, s.store, user, handle); err != nil || key != "" {
		return key, err
	}
	keys = slices.DeleteFunc(keys, func(key string) bool { return !strings.HasPrefix(s.Handle(key), handle) })
	switch len(keys) {
	case 0:
		return "", errNoSuchHandle
	case 1:
		return keys[0], nil
	}
	return "", errSeveral
}

var errSeveral = errors.New("several sessions have a handle that begins so; give more digits")

// find returns the key of the session with a handle. Where that cannot be computed it looks
// at all of them.
func (a *app) find(ctx context.Context, s *site, handle string) (string, error) {
	handle, err := checkHandle(handle)
	if err != nil {
		return "", err
	}
	if key := s.Key(handle); key != "" {
		return key, nil
	}
	scanner, ok := s.store.(session.KeyScanner)
	if !ok {
		return "", errNoScan
	}
	prefix := s.Prefix()
	if s.Session.Format == session.FormatNative {
		prefix += handle // the server compares
	}
	var key string
	bar := a.newBar("looking for the session")
	defer bar.end()
	err = scanner.ScanKeys(ctx, prefix, 0, func(found []session.ScannedKey, progress float64) error {
		bar.at(progress)
		for _, k := range found {
			if !strings.HasPrefix(s.Handle(k.Key), handle) {
				continue
			}
			if key != "" && key != k.Key {
				return errSeveral
			}
			key = k.Key
		}
		return ctx.Err()
	})
	if err == nil && key == "" {
		if err = errNoSuchHandle; len(handle) == infoLen {
			err = &ended{statusFound, fmt.Errorf("%w; one of %d digits, of Factory.Sessions, is found by: show HANDLE --user USER", errNoSuchHandle, infoLen)}
		}
	}
	return key, err
}

// csrfKey is where the CSRF token is, which is a secret of the visitor's.
const csrfKey = "_csrft_"

type valueJSON struct {
	Key   string          `json:"key"`
	Size  int             `json:"size"`
	Type  string          `json:"type"`
	Value json.RawMessage `json:"value,omitempty"`
}

func (a *app) printVerdict(v verdict, values bool) error {
	var err error
	if v.why != "" {
		err = &ended{status: statusFound}
	}
	if a.json {
		out := map[string]any{"valid": v.why == "", "why": v.why}
		if v.cookie != "" {
			out["cookie"] = v.cookie
		}
		if v.found {
			out["session"], out["user"], out["data"] = inJSON(v.record.Record), v.record.User != "", shownValues(v.record, values)
		}
		if v.goesTo != nil {
			out["goes_on_as"] = inJSON(v.goesTo.Record)
		}
		return errors.Join(a.object(out), err)
	}
	if v.cookie != "" {
		fmt.Fprintln(a.out, "The cookie is "+v.cookie+".")
	}
	switch {
	case v.why == "":
		fmt.Fprintln(a.out, "It is a live session.")
	case v.found && v.record.Kind == inspect.Live:
		fmt.Fprintln(a.out, printable("It opens no session: "+v.why+"."))
	default:
		fmt.Fprintln(a.out, printable("There is no session: "+v.why+"."))
	}
	if v.goneWhy != "" {
		fmt.Fprintln(a.out, "And "+v.goneWhy+".")
	}
	if v.found {
		fmt.Fprintln(a.out)
		a.printRecord(v.record, values)
	}
	if v.goesTo != nil {
		fmt.Fprintln(a.out, "\nIt goes on as:")
		a.printRecord(*v.goesTo, values)
	}
	return err
}

func (a *app) printRecord(c inspect.Contents, values bool) {
	timeout := span(c.IdleTimeout)
	if c.IdleTimeout == 0 {
		timeout = "never"
	}
	if c.OwnTimeout {
		timeout += ", its own"
	}
	encrypted := "no"
	if c.Encrypted {
		encrypted = "yes"
	}
	loggedIn := moment(c.LoggedIn)
	if c.User != "" && values {
		loggedIn += ", " + printable(c.User)
	}
	index := "no"
	if c.Indexed {
		index = "yes"
	}
	bound := "no"
	if c.Bound {
		bound = "yes"
	}
	codec := c.Codec
	if codec == "" {
		codec = "the format's"
	}
	rows := [][]string{
		{"handle", c.Handle}, {"kind", string(c.Kind)}, {"created (UTC)", moment(c.Created)}, {"logged in", loggedIn},
		{"idle timeout", timeout}, {"left", span(c.IdleLeft)}, {"ends unless used", moment(c.Ends)},
		{"in its user's index", index}, {"bound to a browser", bound}, {"size", strconv.Itoa(c.Size) + " bytes"}, {"encrypted", encrypted}, {"codec", codec},
	}
	if c.Kind == inspect.Unknown {
		rows = [][]string{rows[0], rows[1], rows[5], rows[9]}
	}
	table(a.out, rows)
	if c.Kind != inspect.Live {
		return
	}
	rows = [][]string{{"KEY", "BYTES", "TYPE"}}
	if values {
		rows[0] = append(rows[0], "VALUE")
	}
	for _, v := range shownValues(c, values) {
		row := []string{v.Key, strconv.Itoa(v.Size), v.Type}
		if values {
			row = append(row, string(v.Value))
		}
		rows = append(rows, row)
	}
	fmt.Fprintln(a.out)
	table(a.out, rows)
	if c.Hidden {
		fmt.Fprintln(a.out, "There is more under keys that are not text, which only Python reaches.")
	}
}

// shownValues are the entries of the data, with their values where those are asked for.
func shownValues(c inspect.Contents, values bool) []valueJSON {
	shown := make([]valueJSON, 0, len(c.Values))
	for _, v := range c.Values {
		s := valueJSON{Key: v.Key, Size: v.Size, Type: v.Type}
		if values {
			s.Value = valueText(v)
		}
		shown = append(shown, s)
	}
	return shown
}

// valueText is a value as JSON, which has no character that a terminal obeys.
func valueText(v inspect.Value) json.RawMessage {
	if v.Key == csrfKey {
		return json.RawMessage(`"[csrf token]"`)
	}
	text, err := json.Marshal(v.Value)
	if err != nil { // of a kind that JSON does not have
		text, _ = json.Marshal(fmt.Sprint(v.Value))
	}
	return plainJSON(text)
}
