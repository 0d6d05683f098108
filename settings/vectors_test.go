package settings

import (
	"encoding/hex"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// vectors is what the real PasteDeploy, and the option parsers of the two Python
// packages, made of many files and values.
type vectors struct {
	Files map[string]struct {
		INI      *string           `json:"ini"`
		Hex      string            `json:"ini_hex"`
		Settings map[string]string `json:"pserve_settings"`
		Error    string            `json:"pserve_error"`
	} `json:"files"`
	Options []optionVector  `json:"options"`
	AsBool  map[string]bool `json:"asbool"`
}

type optionVector struct {
	Settings map[string]string `json:"settings"`
	Note     string            `json:"note"`
	Original json.RawMessage   `json:"original"`
	Fork     json.RawMessage   `json:"fork"`
}

func readVectors(t *testing.T) vectors {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("..", "testdata", "vectors", "ini.json"))
	if err != nil {
		t.Fatal(err)
	}
	var v vectors
	if err := json.Unmarshal(content, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// betterOnPurpose are the files that ours reads where PasteDeploy does not, or from which
// it takes more.
var betterOnPurpose = map[string]map[string]string{
	"DEFAULT_and_section": {"redis.sessions.secret": "fromsection"}, // PasteDeploy loses the key
	"bom":                 {"redis.sessions.secret": "abc"},
	"case_sensitive_keys": {"redis.sessions.secret": "yes"}, // viper's keys have no case: the lower one wins
}

// wantedPlace is the line that the error for a file must name; 0 is none.
var wantedPlace = map[string]int{
	"key_only": 3, "percent_paren_unknown": 3, "duplicate_section": 4, "leading_indent_key": 3,
	"no_app_prefix": 0, "latin1_file": 3,
}

func TestINIVectors(t *testing.T) {
	for name, vector := range readVectors(t).Files {
		t.Run(name, func(t *testing.T) {
			content, err := hex.DecodeString(vector.Hex)
			if err != nil {
				t.Fatal(err)
			}
			if vector.INI != nil {
				content = []byte(*vector.INI)
			}
			dir := t.TempDir()
			file := filepath.Join(dir, "t.ini")
			if err := os.WriteFile(file, content, 0o600); err != nil {
				t.Fatal(err)
			}
			want, better := betterOnPurpose[name]
			if !better {
				want = vector.Settings
			}
			v, err := Load(file)
			if want == nil {
				checkFileError(t, err, file, wantedPlace[name])
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			got := map[string]string{}
			for _, key := range v.AllKeys() {
				got[key] = strings.ReplaceAll(v.GetString(key), dir, "<dir>")
			}
			if !maps.Equal(got, want) {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

func checkFileError(t *testing.T, err error, file string, line int) {
	t.Helper()
	if err == nil {
		t.Fatal("no error")
	}
	want := "settings: " + file + ": "
	if line > 0 {
		want = "settings: " + file + ":" + itoa(line) + ": "
	}
	if !strings.HasPrefix(err.Error(), want) {
		t.Errorf("error %q does not begin with %q", err, want)
	}
	if strings.Contains(err.Error(), "abc") {
		t.Errorf("error %q repeats the text", err)
	}
}

// TestAsBoolVectors holds Pyramid's words against ours: the words that asbool lists mean
// the same; the others, which asbool takes for false, are errors, apart from those that
// mean "not set".
func TestAsBoolVectors(t *testing.T) {
	known := []string{"true", "t", "yes", "y", "on", "1", "false", "f", "no", "n", "off", "0"}
	for word, want := range readVectors(t).AsBool {
		o, err := Parse(Map{"redis.sessions.secret": longSecret, "redis.sessions.cookie_httponly": word})
		folded := strings.ToLower(strings.TrimSpace(word))
		switch {
		case folded == "" || folded == "none":
			if err != nil || !o.CookieHTTPOnly {
				t.Errorf("%q: want the default, got %v, %v", word, o, err)
			}
		case !slices.Contains(known, folded):
			if err == nil {
				t.Errorf("%q: want an error", word)
			}
		case err != nil:
			t.Errorf("%q: %v", word, err)
		case o.CookieHTTPOnly != want:
			t.Errorf("%q: got %v", word, o.CookieHTTPOnly)
		}
	}
}
