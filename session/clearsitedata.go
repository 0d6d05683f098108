package session

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// ClearData is a kind of data that the browser keeps for a site.
type ClearData string

const (
	// ClearCache is what the browser has cached of the site's pages.
	ClearCache ClearData = "cache"
	// ClearStorage is what its scripts have stored: localStorage, IndexedDB, service
	// workers.
	ClearStorage ClearData = "storage"
)

// checkClearData refuses what Clear-Site-Data has beside these two: "cookies" and "*"
// would take the cookies of every application of the domain.
func checkClearData(kinds []ClearData) error {
	var errs []error
	for _, kind := range kinds {
		if kind != ClearCache && kind != ClearStorage {
			errs = append(errs, fmt.Errorf("session: ClearSiteData: %q: use ClearCache and ClearStorage", string(kind)))
		}
	}
	return errors.Join(errs...)
}

// clearSiteData tells the browser to delete what it keeps of the site, on the response
// to a request that has ended its session, also where that is the error handler's: the
// next request has no session any more that could say so. The caller holds the lock.
func (s *Session) clearSiteData(h http.Header) {
	kinds := s.f.opts.ClearSiteData
	if !s.endedHere || len(kinds) == 0 || h.Get("Clear-Site-Data") != "" {
		return
	}
	var quoted []string
	for _, kind := range kinds {
		if q := `"` + string(kind) + `"`; !slices.Contains(quoted, q) {
			quoted = append(quoted, q)
		}
	}
	h.Set("Clear-Site-Data", strings.Join(quoted, ", "))
}

func (x *exchange) clearSiteData() {
	x.mu.Lock()
	s := x.session
	x.mu.Unlock()
	if s != nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.clearSiteData(x.h)
	}
}
