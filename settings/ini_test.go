package settings

import (
	"fmt"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// TestConfigparserRules are those that no vector covers.
func TestConfigparserRules(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want map[string]string // of [app:main]
	}{
		"the last bracket ends a section's name": {"[app:main] ]\nx=1\n[app:main] # ] no, but\ny=2\n", nil},
		"text behind a section is passed over":   {"[app:main] # hi\nx=1\n", map[string]string{"x": "1"}},
		"a comment does not end a value":         {"[app:main]\nx=1\n# c\n  2\n", map[string]string{"x": "1\n2"}},
		"a blank line in a value is kept":        {"[app:main]\nx=1\n\n  2\n\n", map[string]string{"x": "1\n\n2"}},
		"an indented section continues a value":  {"[app:main]\nx=1\n [y]\n", map[string]string{"x": "1\n[y]"}},
		"the first key may be indented":          {"[app:main]\n  x=1\n  y=2\n    z\n", map[string]string{"x": "1", "y": "2\nz"}},
		"a carriage return ends a line":          {"[app:main]\rx=1\ry=2", map[string]string{"x": "1", "y": "2"}},
		"names keep quotes and dashes":           {"[app:main]\n\"x\"=1\n`y`=2\n-=3\n", map[string]string{`"x"`: "1", "`y`": "2", "-": "3"}},
		"values keep quotes and comment signs":   {"[app:main]\nx=\"\"\"a\"\"\" ; b # `c`\ny=`\n", map[string]string{"x": `"""a""" ; b # ` + "`c`", "y": "`"}},
		"names have case":                        {"[app:main]\nx=1\nX=2\n", map[string]string{"x": "1", "X": "2"}},
		"a value may hold backticks and lines":   {"[app:main]\nx=`a`\n  `b\n  c`\n", map[string]string{"x": "`a`\n`b\nc`"}},
	} {
		f, err := parseINI("x.ini", c.text)
		if c.want == nil {
			if err != nil || len(f.names) != 2 {
				t.Errorf("%s: %v %v", name, f, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if got := f.sections["app:main"].values; !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

// TestInterpolationDepth holds the bound against configparser's: a value may go through
// nine others.
func TestInterpolationDepth(t *testing.T) {
	for depth, ok := range map[int]bool{9: true, 10: false} {
		var text strings.Builder
		text.WriteString("[app:main]\nk0 = 100%%\n")
		for i := range depth {
			fmt.Fprintf(&text, "k%d = %%(k%d)s\n", i+1, i)
		}
		f, err := parseINI("x.ini", text.String())
		if err != nil {
			t.Fatal(err)
		}
		got, err := f.interpolated("app:main", fmt.Sprintf("k%d", depth))
		if (err == nil) != ok || ok && got != "100%" {
			t.Errorf("depth %d: %q, %v", depth, got, err)
		}
	}
}

// TestInterpolationLength: nine levels of a hundred references each would be 10^18 letters,
// or as many steps when there are no letters.
func TestInterpolationLength(t *testing.T) {
	for first, bound := range map[string]string{
		"":                       "stand for more than 100000 values",
		"x%%":                    "stand for more than 100000 values",
		strings.Repeat("x", 999): "longer than 4194304 bytes together",
	} {
		var text strings.Builder
		text.WriteString("[app:main]\nk0 = " + first + "\n")
		for i := range 9 {
			fmt.Fprintf(&text, "k%d = %s\n", i+1, strings.Repeat(fmt.Sprintf("%%(k%d)s", i), 100))
		}
		file := writeFile(t, filepath.Join(t.TempDir(), "x.ini"), text.String())
		if _, err := Load(file); err == nil || !strings.Contains(err.Error(), bound) || !strings.Contains(err.Error(), "x.ini:") {
			t.Errorf("%.5q: %v", first, err)
		} else if strings.Count(err.Error(), "\n") > 0 {
			t.Errorf("%.5q: one bound is reported several times: %v", first, err)
		}
	}
}
