package dbsc_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pyramidgo/redissessions/session"
	"github.com/pyramidgo/redissessions/session/dbsc"
)

// events keeps what an observer is told, but for what ordinary requests do.
type events struct {
	mu  sync.Mutex
	all []string
}

func (e *events) Observe(_ context.Context, ev *session.Event) {
	text := ev.Op.String() + " " + ev.Outcome.String()
	if ev.Cause != 0 {
		text += " " + ev.Cause.String()
	}
	if ev.Op == session.OpReject && !errors.Is(ev.Err, session.ErrUnbound) || ev.Request() == nil {
		text += " without the error or the request"
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if ev.Op == session.OpReject || ev.Op == session.OpEnd || ev.Op == session.OpLoad && ev.Outcome == session.OutcomeUnbound {
		e.all = append(e.all, text)
	}
}

// TestEvents: an observer is told of a stranger's request and of a proof by another key, and
// so is the log of security events.
func TestEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told events
		var log bytes.Buffer
		s := newSite(t, dbsc.Options{}, func(o *session.Options) {
			o.Observer = session.Observers(&told, session.LogTo(slog.New(slog.NewTextHandler(&log, nil))))
		})
		b := newBrowser(s).bound()
		pass(5 * time.Minute)
		thief := b.thief()
		thief.SetCookie(boundName, "")
		thief.wantUser("a stranger", "")
		thief.wantChallenge("a replay", thief.refresh(b.proof("AAAAAAAAAAAAAAAAAAAAAA", false)))
		thief.wantEnded("another key", thief.refresh(thief.proof(thief.ask(), false)))
		if want := []string{"reject unbound", "load unbound", "end ok another_key"}; !slices.Equal(told.all, want) {
			t.Errorf("the observer is told %q, not %q", told.all, want)
		}
		for _, line := range []string{"without the proof of its browser", "its cookie has been copied"} {
			if !strings.Contains(log.String(), "level=WARN msg=\"session: ") || !strings.Contains(log.String(), line) {
				t.Errorf("the log has no line %q: %s", line, &log)
			}
		}
	})
}
