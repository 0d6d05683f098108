package settings

import (
	"cmp"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write docs/settings.md from the key table")

const referenceIntro = `# Settings

<!-- Made from the table in settings/keys.go: go generate ./settings -->

Every key stands under ` + "`redis.sessions.`" + `, in an INI file as PasteDeploy and Pyramid read it:

` + "```ini" + `
[app:main]
redis.sessions.secret = %s
redis.sessions.timeout = 1200
redis.sessions.url = redis://localhost:6379/0
` + "```" + `

or in YAML, TOML or JSON, dotted or nested:

` + "```yaml" + `
redis.sessions:
  secret: %s
  timeout: 1200
  url: redis://localhost:6379/0
` + "```" + `

(That secret is known to everyone who reads this page, and is refused unless ` + "`debug = true`" + `.
` + "`openssl rand -hex 32`" + ` makes one of your own.)

What holds for all keys:

- A key that is not in this list is an error, and so is a value of the wrong kind. All mistakes are reported at once.
- The environment wins over the file: ` + "`REDIS_SESSIONS_SECRET`" + ` sets ` + "`redis.sessions.secret`" + `, and
  ` + "`GO_REDIS_SESSIONS_SECRET`" + ` sets ` + "`go.redis.sessions.secret`" + `. An empty variable counts as none.
- A key under ` + "`go.redis.sessions.`" + ` wins over the same key under ` + "`redis.sessions.`" + `, also over one from the environment,
  and also when the other one's value would be an error. A Python application that reads the same file stops at a
  ` + "`redis.sessions.`" + ` key that it does not know: put the keys that only Go knows there. Empty, it brings the default back.
- An empty value means "not set", and so does Python's ` + "`None`" + `. The exceptions are ` + "`timeout`" + `, where None means never, and
  ` + "`cookie_samesite`" + `, where it is the value of that name. YAML's and JSON's ` + "`null`" + ` is always "not set".
- Two aliases of one setting may both be given if they agree.
- Keys have no case. Where several spellings differ only in case, the one in lower case wins.
- A switch is Pyramid's ` + "`" + `asbool` + "`" + `: true, yes, on, t, y, 1 or false, no, off, f, n, 0, in any case; every other word is an error.
- A bare number where a time is meant is seconds (` + "`1200`, `0.5`" + `); Go's durations work too (` + "`20m`, `1h30m`" + `).
- In YAML, TOML and JSON, text that looks like a number must stand in quotes: YAML reads ` + "`0123`" + ` as 83.

`

const referenceFiles = `## Files

` + "`settings.Load(\"development.ini\")`" + ` reads ` + "`[app:main]`, and `\"development.ini#other\"` reads `[app:other]`" + `. INI files mean what
PasteDeploy says they mean: ` + "`[DEFAULT]`, `%%(name)s`, `%%(here)s`, `%%%%` for a `%%`" + `, continuation lines, comments as whole lines only (a
secret may hold ` + "`;` and `#`" + `), quotes and backslashes kept, a key or section given twice is an error. ` + "`use = other`" + ` and
` + "`use = config:other.ini#name`" + ` take that section's settings first; ` + "`set x = ...` and `get x = ...`" + ` reach into ` + "`[DEFAULT]`" + `; of a
` + "`[pipeline:...]`" + ` the last application is read. ` + "`use = egg:...` and `call:...`" + ` name Python code and are passed over. A
` + "`[composite:...]`" + ` is several applications, so that one of them must be named.

Where ours is better on purpose: a byte order mark is passed over; a key that also stands in ` + "`[DEFAULT]`" + ` is not lost; an
indented line that begins with ` + "`redis.sessions.`" + ` is an error, where PasteDeploy would make it part of the value above. A key that
stands *only* in ` + "`[DEFAULT]`" + ` is no setting, as with PasteDeploy; ` + "`get redis.sessions.timeout = redis.sessions.timeout`" + ` makes it one.

` + "`settings.Load(\"development.yaml#staging\")`" + ` reads the mapping under the top-level key ` + "`staging`" + `; without ` + "`#`" + ` the whole file is read.
The same holds for ` + "`.yml`, `.toml` and `.json`" + `. In all of them a
key given twice is an error, and so is a second document in one YAML file.

On Kubernetes, a service named ` + "`redis-sessions`" + ` puts variables like ` + "`REDIS_SESSIONS_SERVICE_HOST`" + ` into every container, which are
then reported as unknown keys: name the service otherwise, or set ` + "`enableServiceLinks: false`" + `.
`

// reference is docs/settings.md.
func reference() string {
	var b strings.Builder
	fmt.Fprintf(&b, referenceIntro, ExampleSecret, ExampleSecret)
	for _, group := range table {
		fmt.Fprintf(&b, "## %s\n\n| key | value | default | meaning |\n|---|---|---|---|\n", group.title)
		for _, s := range group.settings {
			fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", namesOf(&s), cell(cmp.Or(s.kind.short, s.kind.want)), defaultOf(&s), cell(s.doc))
		}
		b.WriteString("\n")
	}
	b.WriteString("## Keys of the Python packages that mean nothing here\n\nEach is refused with this sentence, unless its value is empty or an empty `go.` key takes it back.\n\n| key | why |\n|---|---|\n")
	for _, name := range slices.Sorted(maps.Keys(refused)) {
		fmt.Fprintf(&b, "| `%s` | %s |\n", name, cell(refused[name]))
	}
	b.WriteString("\n")
	b.WriteString(strings.ReplaceAll(referenceFiles, "%%", "%"))
	return b.String()
}

func cell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }

func namesOf(s *setting) string {
	names := "`" + s.name + "`"
	for _, alias := range s.aliases {
		names += ", `" + alias + "`"
	}
	if s.inverse != "" {
		names += ", the opposite of `" + s.inverse + "`"
	}
	return names
}

func defaultOf(s *setting) string {
	switch {
	case s.defDoc != "":
		return s.defDoc
	case s.def != "":
		return "`" + s.def + "`"
	}
	return "–"
}

// TestSettingsDoc fails when docs/settings.md is not what the table says. With -update it
// writes the file.
func TestSettingsDoc(t *testing.T) {
	path := filepath.Join("..", "docs", "settings.md")
	if *update {
		if err := os.WriteFile(path, []byte(reference()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(content) != reference() {
		t.Error("docs/settings.md is stale: run go generate ./settings")
	}
}

// TestTableCoversOptions holds the table against the struct: every row sets one field of
// its own, and every field but Warnings has a row.
func TestTableCoversOptions(t *testing.T) {
	setBy := map[string]string{}
	for s := range rows {
		field := ""
		for name, value := range newOptions().fields {
			if sample := sampleOf(reflect.TypeOf(value)); sample != nil && setsField(s, name, sample) {
				field = name
			}
		}
		if field == "" {
			t.Errorf("%s sets no field", s.name)
		}
		if other, twice := setBy[field]; twice {
			t.Errorf("%s and %s both set %s", other, s.name, field)
		}
		setBy[field] = s.name
		if s.kind.want == "" || s.doc == "" {
			t.Errorf("%s is not documented", s.name)
		}
	}
	for name := range newOptions().fields {
		if _, ok := setBy[name]; !ok && name != "Warnings" {
			t.Errorf("no key sets %s", name)
		}
	}
}

// sampleOf makes a value of the field's type that is not its zero.
func sampleOf(t reflect.Type) any {
	v := reflect.New(t).Elem()
	switch t.Kind() {
	case reflect.String:
		v.SetString("sample")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(7)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(t, 1, 1))
	default:
		return nil
	}
	return v.Interface()
}

// setsField reports whether the row stores the sample in the field; a row of another type
// panics.
func setsField(s *setting, field string, sample any) (sets bool) {
	defer func() { _ = recover() }()
	o := newOptions()
	s.put(o, sample)
	return reflect.DeepEqual(reflect.ValueOf(o).Elem().FieldByName(field).Interface(), sample)
}

func TestSpellingsAreUnique(t *testing.T) {
	seen := map[string]string{}
	for s := range rows {
		for _, name := range append([]string{s.name, s.inverse}, s.aliases...) {
			if other, twice := seen[name]; twice && name != "" {
				t.Errorf("%s is a name of %s and of %s", name, other, s.name)
			}
			seen[name] = s.name
			if sentence, ok := refused[name]; ok {
				t.Errorf("%s is known and refused: %s", name, sentence)
			}
		}
	}
}
