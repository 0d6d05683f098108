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

// TestLogWithoutSecrets: whatever a browser, a thief and a store that is down make the log say,
// at any level, it has no cookie, identifier, challenge, proof, reference or user in it.
func TestLogWithoutSecrets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log safeBuffer
		logger := slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug, AddSource: true}))
		s := newSite(t, dbsc.Options{Required: true}, func(o *session.Options) {
			o.Logger, o.Observer = logger, session.LogTo(logger)
		})
		var secrets []string
		b := newBrowser(s)
		b.login()
		offer, ref, _ := strings.Cut(b.challenge, ".")
		for _, bad := range badProofs(t, b.key, b.challenge, true) {
			b.post(b.path, "Secure-Session-Response", `"`+bad+`"`)
		}
		b.registered()
		for _, bad := range badProofs(t, b.key, b.ask(), false) {
			b.refresh(`"` + bad + `"`)
		}
		challenge := b.ask()
		proof := b.proof(challenge, false)
		s.store.fail(errors.New("the store is down"))
		b.refresh(proof)
		b.register()
		b.get("/")
		s.store.fail(nil)
		b.wantFresh("a proof", b.refresh(proof))
		secrets = append(secrets, offer, ref, challenge, proof, b.known.ID, b.Cookie("session"), b.Cookie(boundName))
		pass(20 * time.Minute)
		b.wantUser("a stranger", "")
		b.get("/write")
		thief := b.thief()
		forged := thief.proof(thief.ask(), false)
		thief.wantEnded("another key", thief.refresh(forged))
		secrets = append(secrets, forged, "anna")
		for i, secret := range secrets {
			if secret == "" || strings.Contains(log.String(), secret) {
				t.Errorf("secret %d, %q, is in the log: %s", i, secret, log.String())
			}
		}
		for _, line := range []string{"level=ERROR", "level=WARN", "level=INFO"} {
			if !strings.Contains(log.String(), line) {
				t.Errorf("the log has no line of %s", line)
			}
		}
	})
}
