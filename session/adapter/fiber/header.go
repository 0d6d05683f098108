package fibersession

import (
	"net/http"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v3"
)

// header holds the header lines of fiber's response as the session reads and changes them.
type header struct {
	c     fiber.Ctx
	lines http.Header
	taken http.Header // lines as they were when they were last taken from fiber
}

func newHeader(c fiber.Ctx) *header {
	h := &header{c: c, lines: http.Header{}}
	h.take()
	return h
}

// take copies fiber's header lines.
func (h *header) take() {
	clear(h.lines) // the map itself is known to the session
	for name, line := range h.c.Response().Header.All() {
		h.lines.Add(string(name), string(line))
	}
	h.taken = h.lines.Clone()
}

// put changes fiber's header lines where the session has changed them.
func (h *header) put() {
	to := &h.c.Response().Header
	for name := range h.taken {
		if _, ok := h.lines[name]; !ok {
			h.remove(name)
		}
	}
	for name, lines := range h.lines {
		if slices.Equal(lines, h.taken[name]) {
			continue
		}
		h.remove(name)
		for _, line := range lines {
			to.Add(name, line)
		}
	}
}

// remove removes fiber's lines of a name. With fiber.Config.DisableHeaderNormalizing fiber
// keeps names as the application has written them, and removes those that are written so.
func (h *header) remove(name string) {
	to := &h.c.Response().Header
	to.Del(name)
	if !h.c.App().Config().DisableHeaderNormalizing {
		return
	}
	var written []string
	for other := range to.All() {
		if strings.EqualFold(string(other), name) {
			written = append(written, string(other))
		}
	}
	for _, other := range written {
		to.Del(other)
	}
}
