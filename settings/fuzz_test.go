package settings

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/tools/txtar"
)

// seeds returns the texts of the cases whose names end so.
func seeds(f *testing.F, suffix string) [][]byte {
	f.Helper()
	files, err := filepath.Glob(filepath.Join("..", "testdata", "settings", "*.txtar"))
	if err != nil {
		f.Fatal(err)
	}
	var found [][]byte
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for _, part := range archive.Files {
			if strings.HasSuffix(part.Name, suffix) {
				found = append(found, part.Data)
			}
		}
	}
	return found
}

// FuzzINI: no text makes the reader panic; what it refuses it refuses with a line of that
// file, without the text; and of what it takes, no section or key is lost.
func FuzzINI(f *testing.F) {
	for _, seed := range seeds(f, ".ini") {
		f.Add(seed)
	}
	f.Add([]byte("[app:main]\n\"a\" = `b`\n`c` = \"d\"\n- = -\n\"\"\"e\"\"\" = '''f'''\n.x = \\\ny : #z ;z\n  [w]\n\n  v\n"))
	f.Fuzz(func(t *testing.T, content []byte) {
		text, err := checkText("fuzz.ini", content)
		if err != nil {
			if utf8.Valid(content) {
				t.Fatal(err)
			}
			return
		}
		parsed, err := parseINI("fuzz.ini", text)
		if err != nil {
			checkRefusal(t, err, strings.Count(text, "\n")+strings.Count(text, "\r")+1)
			return
		}
		for place := range parsed.lines {
			section := parsed.section(place.section)
			if section == nil {
				t.Fatalf("%q is lost", place)
			}
			if _, known := section.values[place.key]; place.key != "" && !known {
				t.Fatalf("%q is lost", place)
			}
		}
		read := map[string]any{}
		if err := (iniCodec{&origin{file: "fuzz.ini"}, "main"}).Decode(content, read); err != nil {
			return
		}
		for key, value := range read {
			if text, ok := value.(string); !ok || strings.Contains(text, "\x00") || key != strings.ToLower(key) {
				t.Fatalf("%q = %q", key, value)
			}
		}
	})
}

func checkRefusal(t *testing.T, err error, lines int) {
	t.Helper()
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		t.Fatalf("%T: %v", err, err)
	}
	for _, err := range joined.Unwrap() {
		var mistake *FileError
		if !errors.As(err, &mistake) || mistake.Line < 1 || mistake.Line > lines {
			t.Fatalf("%T: %v, in a text of %d lines", err, err, lines)
		}
	}
}

// FuzzINIValue: a value of one line comes back as it was written, whatever is in it.
func FuzzINIValue(f *testing.F) {
	for _, seed := range []string{"", "a", "\"q\"", "'q'", "`q`", "\"\"\"q\"\"\"", "a ; b # c", "\\", "a\\", "=:=", "[x]", "-", "é\u00a0x", "$ {x}"} {
		f.Add("key", seed)
		f.Add(seed, "value")
	}
	f.Fuzz(func(t *testing.T, key, value string) {
		if strings.ContainsAny(key+value, "\n\r\x00") || strings.ContainsAny(key, "=:") || !utf8.ValidString(key+value) {
			return
		}
		key, value = strings.TrimFunc(key, isSpace), strings.TrimFunc(value, isSpace)
		if key == "" || strings.ContainsAny(key[:1], "#;[") {
			return
		}
		for _, delimiter := range []string{"=", " = ", ":", "\t:"} {
			parsed, err := parseINI("fuzz.ini", "[app:main]\n"+key+delimiter+value+"\n")
			if err != nil {
				t.Fatal(err)
			}
			if got := parsed.sections["app:main"].values; !reflect.DeepEqual(got, map[string]string{key: value}) {
				t.Fatalf("%q %q: got %q", key, value, got)
			}
			back, err := parseINI("fuzz.ini", "[app:main]\nk = "+escapePercent(value))
			if err != nil {
				t.Fatal(err)
			}
			if got, err := back.interpolated("app:main", "k"); err != nil || got != value {
				t.Fatalf("%q: got %q, %v", value, got, err)
			}
		}
	})
}

// FuzzParse: no value makes Parse panic; errors are one line each, typed, and without
// secrets; and Options keep the promises that their fields make.
func FuzzParse(f *testing.F) {
	for s := range rows {
		f.Add(s.name, "1", "x")
		f.Add(s.name, "None", "")
		f.Add(s.name, "-1_0.5", "20m")
	}
	for _, value := range []string{"1 MiB", "99999999999999999999", "1e3", "0x10", "inf", "nan", "a,b", "a:b:c", "::1", "\x00", "é", "redis://h", "../x", "-0"} {
		f.Add("timeout", value, value)
		f.Add("sentinel_addrs", value, value)
		f.Add("max_record_bytes", value, value)
	}
	f.Fuzz(func(t *testing.T, name, value, other string) {
		const secret = "hunter2-0123456789abcdef01234567"
		src := Map{"redis.sessions.secret": secret, prefix + name: value, goPrefix + "password": secret}
		if name != "redis_"+other {
			src["redis.sessions.redis_port"] = other
		}
		o, err := Parse(src)
		if err == nil {
			checkPromises(t, o)
			return
		}
		if o == nil || strings.Contains(err.Error(), secret) {
			t.Fatalf("%v %v", o, err)
		}
		for _, err := range err.(interface{ Unwrap() []error }).Unwrap() {
			var mistake *Error
			if !errors.As(err, &mistake) || strings.ContainsAny(err.Error(), "\n\r") {
				t.Fatalf("%T: %q", err, err)
			}
		}
	})
}

func checkPromises(t *testing.T, o *Options) {
	t.Helper()
	switch {
	case o.Timeout < 0, o.TimeoutTrigger < 0, o.AbsoluteTimeout < 0, o.CookieMaxAge < 0, o.CookieMaxAge > longestCookie,
		o.SocketTimeout < shortest, o.SocketConnectTimeout < shortest,
		o.Timeout > 0 && o.Timeout < shortest,
		o.Port < 1, o.Port > 65535, o.DB < 0, o.PoolSize < 0, o.MaxRetries < -1, o.MaxRecordBytes < 1,
		o.CookieName == "", o.CookiePath == "", o.CustomConnect == "", o.Secret == "" && o.CookieSigner == "":
		t.Fatalf("%+v", o)
	}
	for _, address := range append(o.SentinelAddrs, o.ClusterAddrs...) {
		if !strings.Contains(address, ":") {
			t.Fatalf("%+v", o)
		}
	}
}

// FuzzMappings: no YAML, TOML or JSON text makes Load or Parse panic.
func FuzzMappings(f *testing.F) {
	for _, format := range []string{"yaml", "toml", "json"} {
		for _, seed := range seeds(f, "."+format) {
			f.Add(format, seed)
		}
	}
	f.Fuzz(func(t *testing.T, format string, content []byte) {
		if format != "yaml" && format != "toml" && format != "json" {
			return
		}
		file := filepath.Join(t.TempDir(), "fuzz."+format)
		if err := os.WriteFile(file, content, 0o600); err != nil {
			t.Fatal(err)
		}
		v, err := Load(file)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "settings: ") {
				t.Fatal(err)
			}
			return
		}
		if o, err := Parse(v); err == nil {
			checkPromises(t, o)
		}
	})
}
