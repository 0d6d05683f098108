package settings

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// kubernetes matches what Kubernetes sets for a service named redis-sessions.
var kubernetes = regexp.MustCompile(`_(SERVICE_(HOST|PORT)|PORT_[0-9]+_(TCP|UDP))(_|$)`)

// unknown words the error for a name that the table does not have.
func unknown(name, variable string) error {
	if kubernetes.MatchString(variable) {
		return errors.New("unknown key; Kubernetes sets this variable for a service named redis-sessions: rename that, or set enableServiceLinks to false")
	}
	if near := nearest(name); near != "" {
		return fmt.Errorf("unknown key; did you mean %s?", near)
	}
	return errors.New("unknown key; docs/settings.md lists the known ones")
}

// nearest returns the known name that looks most like name, or "" when none does.
func nearest(name string) string {
	name = strings.NewReplacer("-", "_", ".", "_", " ", "_").Replace(name)
	if name == "" {
		return ""
	}
	// Some of a name's words, samesite or socket, are no other name mistyped.
	if known := shortestName(func(known string) bool {
		return strings.HasSuffix(known, "_"+name) || strings.HasPrefix(known, name+"_")
	}); known != "" {
		return known
	}
	best, least := "", len(name)
	for _, known := range sortedSpellings() {
		if least <= len(known)-len(name) || least <= len(name)-len(known) {
			continue // so many letters must be inserted or deleted at least
		}
		if d := distance(name, known); d < least {
			best, least = known, d
		}
	}
	// A third of the letters wrong is a guess, more is noise.
	if least <= max(1, len(name)/3) {
		return best
	}
	return shortestName(func(known string) bool {
		return len(name) > 2 && strings.HasPrefix(known, name) || strings.HasSuffix(name, "_"+known)
	})
}

// shortestName returns the shortest known name that fits, or "".
func shortestName(fits func(known string) bool) string {
	best := ""
	for _, known := range sortedSpellings() {
		if fits(known) && (best == "" || len(known) < len(best)) {
			best = known
		}
	}
	return best
}

var sortedSpellings = sync.OnceValue(func() []string { return slices.Sorted(maps.Keys(spellings)) })

// maxDistance is longer than every key; the work of distance grows with the product of
// the lengths.
const maxDistance = 64

// distance is how many letters must be inserted, deleted, replaced or swapped with their
// neighbour to make b of a (optimal string alignment).
func distance(a, b string) int {
	if len(a) > maxDistance || len(b) > maxDistance {
		return maxDistance
	}
	var d [maxDistance + 1][maxDistance + 1]int
	for i := range len(a) + 1 {
		d[i][0] = i
	}
	for j := range b {
		d[0][j+1] = j + 1
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			replace := d[i-1][j-1]
			if a[i-1] != b[j-1] {
				replace++
			}
			d[i][j] = min(replace, d[i-1][j]+1, d[i][j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d[i][j] = min(d[i][j], d[i-2][j-2]+1)
			}
		}
	}
	return d[len(a)][len(b)]
}
