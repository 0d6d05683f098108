package report

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/pyramidgo/redissessions/bench/internal/record"
)

// plotTexts returns the texts of a plot, which must be XML.
func plotTexts(t *testing.T, plot []byte) []string {
	t.Helper()
	var texts []string
	inText := false
	for d := xml.NewDecoder(bytes.NewReader(plot)); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return texts
		}
		if err != nil {
			t.Fatalf("%v in\n%s", err, plot)
		}
		switch token := token.(type) {
		case xml.StartElement:
			inText = token.Name.Local == "text"
		case xml.EndElement:
			inText = false
		case xml.CharData:
			if inText {
				texts = append(texts, string(token))
			}
		}
	}
}

func TestPlot(t *testing.T) {
	speed := func(app, route string, keys int, x float64) record.Result {
		return httpResult(app, route, keys, map[string]float64{record.Ratio: x})
	}
	plot := Plot(&record.Run{Results: []record.Result{
		speed("bare", "read", 10, 1),
		speed("redissessions", "read", 10, 0.834),
		speed("redissessions", "read", 100, 0.7),
		speed("redissessions redigo", "read", 10, 0.9),
		speed("scs goredisstore", "read", 10, 0.52),
		speed("gorilla boj/redistore", "read", 10, 0.44),
		speed("gorilla rbcervilla/redisstore", "read", 10, 0.55),
		speed("gin-contrib/sessions", "read", 10, 0.43),
		speed("redissessions", "create", 10, 1.25),
		result("redissessions", "write", 10, 1, map[string]float64{record.Ratio: 0.6}), // in process
	}})
	want := []string{
		"Requests per second over HTTP", "The line, 100 %, is a handler without a session library",
		"Read", "redissessions", "83 %", "scs", "52 %", "gorilla/sessions", "55 %",
		"New session", "redissessions", "125 %",
	}
	if got := plotTexts(t, plot); !slices.Equal(got, want) {
		t.Errorf("the plot says\n%q, want\n%q", got, want)
	}
	// What is faster than the bare handler has the longest bar, and the line is before its end.
	// All panels have one scale.
	if n := strings.Count(string(plot), `d="M360.0 `); n != 2 || !strings.Contains(string(plot), `class="ours" x="144" y="211.0" width="270.0"`) {
		t.Errorf("%d panels have the line where it belongs, or the longest bar is not 270 long:\n%s", n, plot)
	}
	if !strings.Contains(string(plot), "prefers-color-scheme:dark") {
		t.Error("the plot has no dark colours")
	}
}
