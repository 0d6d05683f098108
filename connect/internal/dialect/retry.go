package dialect

import (
	"context"
	"math/rand/v2"
	"time"
)

// Outcome is the result of a try of an operation.
type Outcome int

const (
	// Answered means that Redis carried the command out, or refused it for good.
	Answered Outcome = iota
	// Refused means that the command was not carried out, and may be a moment later.
	Refused
	// Lost means that the connection broke. The command may have been carried out.
	Lost
	// Late means that there was no answer in time. The command may have been
	// carried out, and trying again would take too long.
	Late
)

// Again makes up to tries more of an operation that has failed with err, as
// long as its outcome allows and for at most the given time. doubt says that a
// try before the last may have been carried out.
func Again(
	ctx context.Context, tries int, within time.Duration, err error,
	outcome func(error) Outcome, try func(ctx context.Context) error,
) (doubt bool, _ error) {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	for n := range tries {
		switch outcome(err) {
		case Answered, Late:
			return doubt, err
		case Lost:
			doubt = true
		case Refused:
		}
		if !pause(ctx, n) {
			break
		}
		if err = try(ctx); err == nil {
			break
		}
	}
	return doubt, err
}

// pause waits a little longer before each try, up to a tenth of a second, and
// reports false when ctx ended instead. The times are spread so that the
// requests that failed together do not come back together.
func pause(ctx context.Context, n int) bool {
	longest := min(100*time.Millisecond, 10*time.Millisecond<<n)
	timer := time.NewTimer(longest/2 + rand.N(longest/2))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
