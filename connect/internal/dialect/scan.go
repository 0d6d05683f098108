package dialect

import (
	"math/bits"
	"strings"
)

// ScanCount is how many keys a SCAN looks at, and ScanWhole of how many records all is
// read at once.
const (
	ScanCount = 1000
	ScanWhole = 100
)

// Match returns the pattern of the keys that begin with a prefix.
func Match(prefix string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`, `]`, `\]`).Replace(prefix) + "*"
}

// ScanProgress is how far a SCAN of several servers has come.
type ScanProgress struct {
	Servers int
	done    int
	calls   int
	buckets int // of the present server; 0 when it does not say
}

// Begin begins with another server, which has that many keys. Negative is unknown.
func (p *ScanProgress) Begin(keys int64) {
	p.calls, p.buckets = 0, 0
	if keys >= 0 {
		// A hash table is as large as a power of two, and SCAN walks over its buckets.
		p.buckets = max(ScanCount, 1<<bits.Len64(uint64(max(keys, 1)-1)))
	}
}

// Called counts a call of SCAN, the last of this server or not, and returns
// the part that has been looked at.
func (p *ScanProgress) Called(last bool) float64 {
	p.calls++
	part := 0.0
	switch {
	case last:
		p.done++
	case p.buckets == 0:
		return -1
	default:
		part = min(1, float64(p.calls*ScanCount)/float64(p.buckets))
	}
	return (float64(p.done) + part) / float64(max(p.Servers, 1))
}
