package cli

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"github.com/pyramidgo/redissessions/session/inspect"
)

// written is the standard output, with the first error of a write: a full disk must not pass
// for a short list.
type written struct {
	io.Writer
	err error
}

func (w *written) Write(b []byte) (int, error) {
	n, err := w.Writer.Write(b)
	if err != nil && w.err == nil {
		w.err = err
	}
	return n, err
}

// table writes rows with aligned columns.
func table(w io.Writer, rows [][]string) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		for i, cell := range row {
			row[i] = printable(cell)
		}
		fmt.Fprintln(t, strings.TrimRight(strings.Join(row, "\t"), "\t"))
	}
	_ = t.Flush()
}

// printable quotes text that would move the cursor, break a line or a column: a key of a
// session's data may be any text.
func printable(text string) string {
	if strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return strconv.Quote(text)
	}
	return text
}

// object prints one object of JSON a line.
func (a *app) object(v any) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return err
	}
	_, err := a.out.Write(plainJSON(b.Bytes()))
	return err
}

// plainJSON escapes the characters that JSON may have as they are and a terminal may obey: DEL,
// the control characters of C1, and those that turn the direction of text.
func plainJSON(text []byte) []byte {
	obeyed := func(r rune) bool { return r > '~' && !unicode.IsPrint(r) }
	if !bytes.ContainsFunc(text, obeyed) {
		return text
	}
	var plain []byte
	for _, r := range string(text) {
		switch {
		case !obeyed(r):
			plain = utf8.AppendRune(plain, r)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			plain = fmt.Appendf(plain, `\u%04x\u%04x`, high, low)
		default:
			plain = fmt.Appendf(plain, `\u%04x`, r)
		}
	}
	return plain
}

// moment formats a time in UTC.
func moment(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format("2006-01-02 15:04:05")
}

// span formats a duration, in two units at most.
func span(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d <= 0:
		return "-"
	case d >= 2*day:
		return fmt.Sprintf("%dd%dh", d/day, d%day/time.Hour)
	case d >= time.Hour:
		return fmt.Sprintf("%dh%dm", d/time.Hour, d%time.Hour/time.Minute)
	case d >= time.Minute:
		return fmt.Sprintf("%dm%ds", d/time.Minute, d%time.Minute/time.Second)
	}
	return d.Round(time.Millisecond).String()
}

// jsonTime is a time in JSON, null for none.
func jsonTime(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

// recordJSON is a record in JSON.
type recordJSON struct {
	Handle      string     `json:"handle"`
	Kind        string     `json:"kind"`
	Why         string     `json:"why,omitempty"`
	Created     *time.Time `json:"created"`
	LoggedIn    *time.Time `json:"logged_in"`
	Ends        *time.Time `json:"ends"`
	IdleLeft    float64    `json:"idle_left_seconds"`
	IdleTimeout float64    `json:"idle_timeout_seconds"`
	Size        int        `json:"size"`
	Encrypted   bool       `json:"encrypted"`
	Codec       string     `json:"codec,omitempty"`
	Indexed     bool       `json:"indexed"`
	Bound       bool       `json:"bound,omitempty"`
	Successor   string     `json:"successor,omitempty"`
}

func inJSON(r inspect.Record) recordJSON {
	return recordJSON{
		Handle: r.Handle, Kind: string(r.Kind), Why: r.Why, Created: jsonTime(r.Created), LoggedIn: jsonTime(r.LoggedIn), Ends: jsonTime(r.Ends),
		IdleLeft: r.IdleLeft.Seconds(), IdleTimeout: r.IdleTimeout.Seconds(), Size: r.Size, Encrypted: r.Encrypted, Codec: r.Codec, Indexed: r.Indexed, Bound: r.Bound, Successor: r.Successor,
	}
}

// isTerminal reports whether a writer is a terminal.
func isTerminal(w any) bool {
	if of, ok := w.(*written); ok {
		w = of.Writer
	}
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// bar is a progress bar on a terminal, and nothing elsewhere.
type bar struct {
	shown *progressbar.ProgressBar
	last  int
}

const barSteps = 1000

func (a *app) newBar(what string) *bar {
	if a.noBar || !isTerminal(a.err) {
		return &bar{}
	}
	return &bar{shown: progressbar.NewOptions(barSteps,
		progressbar.OptionSetWriter(a.err), progressbar.OptionSetDescription(what), progressbar.OptionSetWidth(30),
		progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionClearOnFinish(), progressbar.OptionSetPredictTime(true),
	)}
}

// at shows the part that is done; a negative part is not known.
func (b *bar) at(part float64) {
	step := int(part * barSteps)
	if b.shown == nil || step <= b.last || step >= barSteps {
		return
	}
	b.last = step
	_ = b.shown.Set(step)
}

func (b *bar) end() {
	if b.shown != nil {
		_ = b.shown.Clear()
	}
}

var errNotAsked = errors.New("it asks before it does that, and there is no terminal to ask on; give --yes")

// confirm asks the person at the terminal to type yes.
func (a *app) confirm(ctx context.Context, question string) error {
	if !isTerminal(a.in) {
		return errNotAsked
	}
	fmt.Fprintf(a.err, "%s\nType yes to go on: ", question)
	answer, err := a.line(ctx)
	if err != nil {
		return err
	}
	if !strings.EqualFold(strings.TrimSpace(answer), "yes") {
		return &ended{statusFound, errors.New("nothing was changed")}
	}
	return nil
}

// longestLine is far above a cookie that a browser keeps.
const longestLine = 64 << 10

// line reads a line of the standard input, without its end. Ctrl-C ends it.
func (a *app) line(ctx context.Context) (string, error) {
	type read struct {
		text string
		err  error
	}
	done := make(chan read, 1)
	go func() {
		text, err := bufio.NewReader(io.LimitReader(a.in, longestLine)).ReadString('\n')
		if errors.Is(err, io.EOF) {
			err = nil
		}
		done <- read{text, err}
	}()
	select {
	case <-ctx.Done():
		return "", ctx.Err()
	case r := <-done:
		return strings.TrimSpace(r.text), r.err
	}
}
