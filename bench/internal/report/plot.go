package report

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"math"
	"strings"

	"github.com/pyramidgo/redissessions/bench/internal/record"
)

// Sizes of the plot, in units of which a telephone shows about 480 next to each
// other.
const (
	plotWidth  = 480
	nameWidth  = 130
	barWidth   = 270
	rowHeight  = 24
	barHeight  = 18
	headHeight = 42
	margin     = 14
)

// plotStyle has the colours. GitHub shows the picture as it is in both themes, and only the
// reader's system says which one is asked for: so the ground is the picture's own.
const plotStyle = `<style>
.ground{fill:#ffffff}text{fill:#1f2328}.line{stroke:#1f2328}.ours{fill:#0a7d4f}.other{fill:#afb8c1}
@media (prefers-color-scheme:dark){.ground{fill:#0d1117}text{fill:#e6edf3}.line{stroke:#e6edf3}.ours{fill:#3fb979}.other{fill:#57606a}}
</style>
`

// ours is the name of the library in the tables; its variants add to it.
const ours = "redissessions"

// plotRoutes are the panels of the plot, and plotApps the bars of each: the best application of
// those whose name begins so.
var (
	plotRoutes = []struct{ route, title string }{{"read", "Read"}, {"write", "Write"}, {"create", "New session"}}
	plotApps   = []struct{ prefix, name string }{{ours, ours}, {"scs", "scs"}, {"gorilla", "gorilla/sessions"}, {"fiber", "fiber"}}
)

// Plot draws the speed over HTTP of this library and three others as an SVG: bars, in percent of
// the bare handler's.
func Plot(run *record.Run) []byte {
	f := newFigures(run)
	var body bytes.Buffer
	y := float64(margin)
	text(&body, margin, y+15, "start", 17, "bold", "Requests per second over HTTP")
	y += 24
	text(&body, margin, y+12, "start", 13, "normal", "The line, 100 %, is a handler without a session library")
	y += 14
	scale := float64(barWidth)
	var panels [][]bar
	for _, r := range plotRoutes {
		bars := f.bars(one(record.ViaHTTP)(r.route)[0])
		for _, bar := range bars {
			scale = min(scale, barWidth/bar.ratio)
		}
		panels = append(panels, bars)
	}
	for i, bars := range panels {
		if len(bars) > 0 {
			y = draw(&body, plotRoutes[i].title, bars, scale, y)
		}
	}

	var out bytes.Buffer
	fmt.Fprintf(&out, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %.0f" font-family="system-ui, sans-serif" role="img" aria-label="Requests per second, in percent of a handler without a session library">`+"\n", plotWidth, y+margin)
	out.WriteString(plotStyle)
	fmt.Fprintf(&out, `<rect class="ground" width="%d" height="%.0f"/>`+"\n", plotWidth, y+margin)
	out.Write(body.Bytes())
	out.WriteString("</svg>\n")
	return out.Bytes()
}

// bar is one of an application that was measured.
type bar struct {
	name, class, weight string
	ratio               float64
}

func (f *figures) bars(c record.Cell) []bar {
	var bars []bar
	for _, app := range plotApps {
		ratio := f.best(c, app.prefix)
		if math.IsNaN(ratio) {
			continue
		}
		class, weight := "other", "normal"
		if app.name == ours {
			class, weight = "ours", "bold"
		}
		bars = append(bars, bar{app.name, class, weight, ratio})
	}
	return bars
}

// draw draws a panel from y downwards and returns where it ends. scale is how long the bar of the
// bare handler is, which a line stands for.
func draw(b *bytes.Buffer, title string, bars []bar, scale, y float64) float64 {
	const left = float64(margin + nameWidth)
	end := y + headHeight + float64(len(bars)*rowHeight)
	text(b, margin, y+headHeight-10, "start", 15, "bold", title)
	y += headHeight
	for i, bar := range bars {
		top := y + float64(i*rowHeight)
		middle := top + rowHeight/2 + 4.5
		text(b, left-8, middle, "end", 13, bar.weight, bar.name)
		fmt.Fprintf(b, `<rect class="%s" x="%.0f" y="%.1f" width="%.1f" height="%d"/>`+"\n",
			bar.class, left, top+(rowHeight-barHeight)/2, bar.ratio*scale, barHeight)
		text(b, left+barWidth+6, middle, "start", 13, bar.weight, decimals(100*bar.ratio, 0)+" %")
	}
	fmt.Fprintf(b, `<path class="line" d="M%.1f %.1fV%.1f" stroke-dasharray="3 3"/>`+"\n", left+scale, y-4, end)
	return end
}

// best returns the highest ratio among the applications whose name begins so, or NaN. Variants
// of this library do not count: what is shown is what one gets without settings.
func (f *figures) best(c record.Cell, prefix string) float64 {
	best := math.NaN()
	for _, app := range f.apps {
		ratio := f.of(c, app, record.Ratio)
		if strings.HasPrefix(app, prefix) && !strings.HasPrefix(app, ours+" ") && !(ratio <= best) && !math.IsNaN(ratio) {
			best = ratio
		}
	}
	return best
}

// text writes a line.
func text(b *bytes.Buffer, x, y float64, anchor string, size int, weight, content string) {
	fmt.Fprintf(b, `<text x="%.1f" y="%.1f" text-anchor="%s" font-size="%d" font-weight="%s">`, x, y, anchor, size, weight)
	_ = xml.EscapeText(b, []byte(content)) // a Buffer takes everything
	b.WriteString("</text>\n")
}
