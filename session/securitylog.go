package session

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// LogTo returns an observer that writes one log of security events (OWASP ASVS 16.3): logins
// and logouts, revocations, forged cookies, old secrets that are still in use, and failures
// of the store. A line has the name of the factory's cookie, the method and the route, and
// never an ID, a secret or a password; a user's name only with WithUserNames.
//
//   - Info: a login, also one that was refused, and the end of a session by a logout, a
//     revocation or a login beyond UserOptions.Max. A forged cookie: one line a minute, with
//     their number, because a client can send any number of them. A cookie that one of
//     Options.PreviousSecrets has signed: one line an hour, so that the operator sees when
//     that secret can go. What no such line has counted when they end is in one more, a
//     minute or an hour late.
//   - Warn: a record that cannot be decoded, one line a minute. A request for a bound
//     session that does not come from its browser (ErrUnbound), one line a minute. The end of
//     a session whose cookie came with a proof by another key.
//   - Error: the store fails. An outage is one line, and one more at Warn for each minute;
//     when the store has answered for ten seconds without a failure, a line at Info says
//     so. A reply that belongs to another session (ErrCrossedReply) is always a line.
//   - Debug: all else that has ended or was not accepted.
func LogTo(l *slog.Logger, opts ...LogOption) Observer {
	if l == nil {
		l = slog.Default()
	}
	s := &securityLog{logger: l, limits: map[limitKey]*limit{}, outages: map[string]*outage{}}
	for _, o := range opts {
		o(s)
	}
	return s
}

// LogOption is WithRoute or WithUserNames.
type LogOption func(*securityLog)

// WithRoute has f name the route of a request that no http.ServeMux has matched, whose
// Pattern is empty: another router's pattern. Without it, or where it returns "", the log has
// the path, without the query. f must not ask for the session.
func WithRoute(f func(*http.Request) string) LogOption {
	return func(s *securityLog) { s.routeOf = f }
}

// WithUserNames puts the user's name, as Session.Login was given it, into the line of a
// login. It is personal data, and an attacker may choose it.
func WithUserNames() LogOption {
	return func(s *securityLog) { s.names = true }
}

// securityLog is the observer of LogTo.
type securityLog struct {
	logger  *slog.Logger
	routeOf func(*http.Request) string
	names   bool

	down    atomic.Int32 // how many outages there are
	mu      sync.Mutex
	limits  map[limitKey]*limit
	outages map[string]*outage // by the factory's name
}

const (
	aMinute = time.Minute
	anHour  = time.Hour
	// settled is for how long a store must answer without a failure before an outage is
	// over: where one of several servers is down, some commands succeed.
	settled = 10 * time.Second
	// longestPath bounds what a visitor can write into a line.
	longestPath = 200
)

func (s *securityLog) Observe(ctx context.Context, e *Event) {
	switch e.Outcome {
	case OutcomeUnavailable:
		s.failed(ctx, e)
		return
	case OutcomeRefused:
		if errors.Is(e.Err, ErrRefused) { // and not the AllowCookie hook
			s.failed(ctx, e)
		}
		return
	case OutcomeCrossed:
		s.line(ctx, slog.LevelError, "session: the store has answered with a record of another session", e, errorAttr(e.Err))
		return
	case OutcomeCanceled, OutcomeAnonymous, OutcomeUnchanged:
		return
	}
	if e.Op != OpReject {
		s.answered(ctx, e)
	}
	switch e.Op {
	case OpLoad:
		if e.Outcome == OutcomeOldSecret {
			s.seldom(ctx, anHour, slog.LevelInfo, "session: a cookie with an old secret is still in use", e)
		}
	case OpLogin:
		s.login(ctx, e)
	case OpEnd:
		s.end(ctx, e)
	case OpReject:
		s.reject(ctx, e)
	}
}

func (s *securityLog) login(ctx context.Context, e *Event) {
	var attrs []slog.Attr
	if e.Sessions > 0 {
		attrs = append(attrs, slog.Int("sessions", e.Sessions))
	}
	if s.names && e.session.get() != nil {
		attrs = append(attrs, slog.String("user", e.session.get().user()))
	}
	switch e.Outcome {
	case OutcomeOK:
		s.line(ctx, slog.LevelInfo, "session: login", e, attrs...)
	case OutcomeFull, OutcomeGone:
		s.line(ctx, slog.LevelInfo, "session: a login was refused", e, errorAttr(e.Err))
	}
}

func (s *securityLog) end(ctx context.Context, e *Event) {
	if e.Outcome != OutcomeOK {
		return
	}
	level, msg := slog.LevelInfo, "session: ended"
	switch e.Cause {
	case CauseLogout:
		msg = "session: logout"
	case CauseRevoked:
		msg = "session: revoked"
	case CauseAnotherKey:
		level, msg = slog.LevelWarn, "session: ended, because its cookie has been copied"
	case CauseEmptied, CauseTakenBack:
		level = slog.LevelDebug
	}
	s.line(ctx, level, msg, e, slog.String("cause", e.Cause.String()))
}

func (s *securityLog) reject(ctx context.Context, e *Event) {
	switch e.Outcome {
	case OutcomeForged:
		s.seldom(ctx, aMinute, slog.LevelInfo, "session: a forged cookie", e)
	case OutcomeUndecodable:
		s.seldom(ctx, aMinute, slog.LevelWarn, "session: a record cannot be decoded", e, errorAttr(e.Err))
	case OutcomeUnbound:
		s.seldom(ctx, aMinute, slog.LevelWarn, "session: a request without the proof of its browser", e)
	default:
		s.line(ctx, slog.LevelDebug, "session: not accepted", e, errorAttr(e.Err))
	}
}

// limitKey identifies the lines that share a limit.
type limitKey struct{ factory, msg string }

type limit struct {
	last    time.Time
	times   int  // since then
	counted bool // a timer will write them
}

// seldom writes a line unless there was one like it a short time ago. The line has the
// number of events since that one. When no event comes for which the next line is due, a
// timer writes it one interval later: the number of a flood that has ended is not lost.
func (s *securityLog) seldom(ctx context.Context, every time.Duration, level slog.Level, msg string, e *Event, attrs ...slog.Attr) {
	l, times, rest := s.count(limitKey{e.Factory, msg}, every)
	if times > 0 {
		s.line(ctx, level, msg, e, append(attrs, slog.Int("times", times))...)
	}
	if rest > 0 {
		attrs = s.attrs(e, attrs)
		time.AfterFunc(rest, func() { s.rest(l, every, level, msg, attrs) })
	}
}

// count counts an event. It returns how many events a line is due for, or 0, and in which
// time the others must be written, 0 where a timer runs already.
func (s *securityLog) count(key limitKey, every time.Duration) (l *limit, times int, rest time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if l = s.limits[key]; l == nil {
		l = &limit{}
		s.limits[key] = l
	}
	l.times++
	now := time.Now()
	if l.last.IsZero() || now.Sub(l.last) >= every {
		times, l.last, l.times = l.times, now, 0
		return l, times, 0
	}
	if l.counted {
		return l, 0, 0
	}
	l.counted = true
	return l, 0, l.last.Add(2 * every).Sub(now)
}

// rest writes the line of those events after which none came for which it was due.
func (s *securityLog) rest(l *limit, every time.Duration, level slog.Level, msg string, attrs []slog.Attr) {
	s.mu.Lock()
	now := time.Now()
	due, times := l.last.Add(2*every), l.times
	if times > 0 && now.Before(due) { // there was a line meanwhile, and events after it
		time.AfterFunc(due.Sub(now), func() { s.rest(l, every, level, msg, attrs) })
		s.mu.Unlock()
		return
	}
	l.counted = false
	if times > 0 {
		l.last, l.times = now, 0
	}
	s.mu.Unlock()
	if times > 0 {
		defer func() { _ = recover() }() // a logger that cannot be used any more must not end the program
		s.logger.LogAttrs(context.Background(), level, msg, append(attrs, slog.Int("times", times))...)
	}
}

// outage is a time in which the store fails.
type outage struct {
	began, last, told time.Time
	failures          int
}

func (s *securityLog) failed(ctx context.Context, e *Event) {
	s.mu.Lock()
	now := time.Now()
	o := s.outages[e.Factory]
	first := o == nil
	if first {
		o = &outage{began: now, told: now}
		s.outages[e.Factory] = o
		s.down.Add(1)
	}
	o.failures++
	o.last = now
	again := now.Sub(o.told) >= aMinute
	if again {
		o.told = now
	}
	lasted, failures := now.Sub(o.began), o.failures
	s.mu.Unlock()
	switch {
	case first:
		s.line(ctx, slog.LevelError, "session: the store fails", e, slog.String("op", e.Op.String()), errorAttr(e.Err))
	case again:
		s.line(ctx, slog.LevelWarn, "session: the store still fails", e, slog.Int("failures", failures), slog.Duration("for", lasted), errorAttr(e.Err))
	}
}

// answered notes that the store has answered a command.
func (s *securityLog) answered(ctx context.Context, e *Event) {
	if s.down.Load() == 0 {
		return
	}
	switch e.Outcome {
	case OutcomeForged, OutcomeTooLarge, OutcomeFailed: // it may have sent none
		return
	}
	s.mu.Lock()
	o := s.outages[e.Factory]
	over := o != nil && time.Since(o.last) >= settled
	if over {
		delete(s.outages, e.Factory)
		s.down.Add(-1)
	}
	s.mu.Unlock()
	if over {
		s.line(ctx, slog.LevelInfo, "session: the store answers again", e, slog.Int("failures", o.failures), slog.Duration("after", time.Since(o.began)))
	}
}

func (s *securityLog) line(ctx context.Context, level slog.Level, msg string, e *Event, attrs ...slog.Attr) {
	if !s.logger.Enabled(ctx, level) {
		return
	}
	s.logger.LogAttrs(ctx, level, msg, s.attrs(e, attrs)...)
}

// attrs are the attributes of a line about an event.
func (s *securityLog) attrs(e *Event, attrs []slog.Attr) []slog.Attr {
	all := append(make([]slog.Attr, 0, 8), slog.String("cookie", e.Factory))
	if r := e.Request(); r != nil {
		all = append(all, slog.String("method", r.Method), slog.String("route", s.route(r)))
	}
	return append(all, attrs...)
}

func (s *securityLog) route(r *http.Request) string {
	if r.Pattern != "" {
		return r.Pattern
	}
	if s.routeOf != nil {
		if route := s.routeOf(r); route != "" {
			return route
		}
	}
	if r.URL == nil {
		return ""
	}
	return r.URL.Path[:min(len(r.URL.Path), longestPath)]
}
