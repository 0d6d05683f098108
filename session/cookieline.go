package session

import (
	"net/http"
	"slices"
	"strings"
)

// putCookie puts c into h as the only Set-Cookie of its name, and keeps shared
// caches from storing the response unless the handler has set a Cache-Control.
func putCookie(h http.Header, c *http.Cookie) {
	others := slices.DeleteFunc(slices.Clone(h["Set-Cookie"]), func(line string) bool {
		name, _, _ := strings.Cut(line, "=")
		return strings.TrimSpace(name) == c.Name
	})
	h["Set-Cookie"] = append(others, c.String())
	if h.Get("Cache-Control") == "" {
		h.Set("Cache-Control", "no-store")
	}
}
