package report

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"math"
	"strings"

	"github.com/pyramidgo/redissessions/bench/internal/measure"
	"github.com/pyramidgo/redissessions/bench/internal/record"
)

// Sizes of the plot, in units of which a telephone shows about 480 next to each
// other.
const (
	plotWidth  = 480
	nameWidth  = 212
	barWidth   = 206
	rowHeight  = 22
	barHeight  = 14
	headHeight = 40
	margin     = 12
)

// Colours that can be told apart on the white ground, which stays white in a
// dark theme.
const (
	ink       = "#1f2328"
	oursInk   = "#0a7d4f"
	othersInk = "#8c959f"
)

// ours is the name of the library in the tables; its variants add to it.
const ours = "redissessions"

// panel is one question of the plot.
type panel struct {
	title string
	cell  record.Cell
	// variants is whether the variants of ours are shown.
	variants bool
}

func panels() []panel {
	cell := func(route string, atOnce int, sliding bool) record.Cell {
		return cells(route, record.ViaCall, atOnce, sliding)[0]
	}
	return []panel{
		{"Read", cell("read", 1, false), false},
		{"Read, restarting the idle timeout", cell("read", 1, true), false},
		{"Write", cell("write", 1, false), false},
		{"New session", cell("create", 1, false), false},
		{"Log out", cell("invalidate", 1, false), false},
		{"Read, 256 requests at once", cell("read", 256, false), true},
		{"Write, 256 requests at once", cell("write", 256, false), true},
	}
}

// Plot draws the speed of each application as an SVG: bars, of which 1 is the
// bare handler's.
func Plot(run *record.Run) []byte {
	f := newFigures(run)
	var body bytes.Buffer
	y := float64(margin)
	text(&body, margin, y+16, "start", 17, "bold", "Speed beside a handler without sessions")
	y += 26
	text(&body, margin, y+12, "start", 13, "normal", "1 is the bare handler; a session of 10 keys, 1 kB")
	y += 20
	for _, p := range panels() {
		y = f.draw(&body, p, y)
	}

	var out bytes.Buffer
	fmt.Fprintf(&out, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %.0f" font-family="system-ui, sans-serif" role="img" aria-label="Speed compared with a handler without sessions">`+"\n", plotWidth, y+margin)
	fmt.Fprintf(&out, `<rect width="%d" height="%.0f" fill="#ffffff"/>`+"\n", plotWidth, y+margin)
	out.Write(body.Bytes())
	out.WriteString("</svg>\n")
	return out.Bytes()
}

// draw draws a panel from y downwards and returns where it ends. A panel of
// which nothing was measured takes no place.
func (f *figures) draw(b *bytes.Buffer, p panel, y float64) float64 {
	type bar struct {
		app   string
		ratio float64
	}
	var bars []bar
	longest := 1.0
	for _, app := range f.apps {
		ratio := f.of(p.cell, app, record.Ratio)
		if app == measure.Bare || math.IsNaN(ratio) || strings.HasPrefix(app, ours+" ") && !p.variants {
			continue
		}
		bars = append(bars, bar{app, ratio})
		longest = max(longest, ratio)
	}
	if len(bars) == 0 {
		return y
	}
	scale := barWidth / longest
	end := y + headHeight + float64(len(bars)*rowHeight)
	text(b, margin, y+headHeight-14, "start", 15, "bold", p.title)
	y += headHeight
	fmt.Fprintf(b, `<path d="M%.1f %.1fV%.1f" stroke="%s" stroke-dasharray="3 3"/>`+"\n", nameWidth+8+scale, y, end, ink)
	for i, bar := range bars {
		top := y + float64(i*rowHeight)
		colour, weight := othersInk, "normal"
		if strings.HasPrefix(bar.app, ours) {
			colour, weight = oursInk, "bold"
		}
		middle := top + rowHeight/2 + 4.5
		text(b, nameWidth, middle, "end", 13, weight, short(bar.app))
		fmt.Fprintf(b, `<rect x="%d" y="%.1f" width="%.1f" height="%d" fill="%s"/>`+"\n",
			nameWidth+8, top+(rowHeight-barHeight)/2, bar.ratio*scale, barHeight, colour)
		text(b, nameWidth+8+bar.ratio*scale+6, middle, "start", 13, weight, decimals(bar.ratio, 2))
	}
	return end
}

// short names what would not fit before the bars.
func short(app string) string {
	return strings.NewReplacer("redissessions auto_pipeline", "… auto_pipeline", "redissessions ", "… ").Replace(app)
}

// text writes a line with a rim of the ground's colour, since it may cross the
// line of the bare handler.
func text(b *bytes.Buffer, x, y float64, anchor string, size int, weight, content string) {
	fmt.Fprintf(b, `<text x="%.1f" y="%.1f" text-anchor="%s" font-size="%d" font-weight="%s" fill="%s" stroke="#ffffff" stroke-width="4" paint-order="stroke">`, x, y, anchor, size, weight, ink)
	_ = xml.EscapeText(b, []byte(content)) // a Buffer takes everything
	b.WriteString("</text>\n")
}
