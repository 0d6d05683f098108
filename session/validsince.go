package session

import (
	"fmt"
	"time"

	"github.com/pyramidgo/redissessions/session/internal/record"
)

// errOutdated is reported for a session that began before Options.ValidSince.
var errOutdated = fmt.Errorf("%w: it began before ValidSince (valid_since)", ErrNotFound)

// outdated reports whether a stored session began, or was logged in, before
// Options.ValidSince: the later counts. Where a
// record keeps its creation less exactly than that, in doubt it did.
func (f *Factory) outdated(m record.Meta) bool {
	if !m.Login.At.IsZero() {
		return m.Login.At.Before(f.opts.ValidSince)
	}
	return m.Created.Add(-f.createdLate()).Before(f.opts.ValidSince)
}

// createdLate is how much later than the truth a record may date the creation:
// pyramid_session_redis rounds it up to whole seconds.
func (f *Factory) createdLate() time.Duration {
	if f.opts.Format == FormatPyramidSessionRedis {
		return time.Second
	}
	return 0
}

// creation returns the time of creation of a session that begins now, to the
// millisecond. A session that begins after ValidSince is never dated before it.
func (f *Factory) creation(now time.Time) time.Time {
	created := now.Truncate(time.Millisecond).UTC()
	since := f.opts.ValidSince
	if since.IsZero() || now.Before(since) {
		return created
	}
	if least := since.Add(f.createdLate()).UTC(); created.Before(least) {
		created = least.Truncate(time.Millisecond)
		if created.Before(least) {
			created = created.Add(time.Millisecond)
		}
	}
	return created
}
