package settings

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// TestConfigparser: of random texts ours reads the same values as Python's configparser,
// and refuses the same ones.
func TestConfigparser(t *testing.T) {
	content, err := os.ReadFile(filepath.Join("..", "testdata", "settings", "configparser.json"))
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Text   string       `json:"text"`
		Error  string       `json:"error"`
		Values [][3]*string `json:"values"` // section, key, and value or null when its %s are wrong
	}
	if err := json.Unmarshal(content, &cases); err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		f, err := parseINI("x.ini", c.Text)
		if (err != nil) != (c.Error != "") {
			t.Errorf("%q: %v, Python has %q", c.Text, err, c.Error)
			continue
		}
		if err != nil {
			continue
		}
		keys := 0
		for _, section := range f.sections {
			keys += len(section.values)
		}
		if keys != len(c.Values) {
			t.Errorf("%q: %d keys, Python has %d", c.Text, keys, len(c.Values))
		}
		for _, v := range c.Values {
			got, err := f.interpolated(*v[0], *v[1])
			if (err != nil) != (v[2] == nil) || err == nil && got != *v[2] {
				t.Errorf("%q: %q is %q, %v", c.Text, *v[1], got, err)
			}
		}
	}
}
