package settings

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// numbered returns a text n times, with a number in each.
func numbered(n int, text string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, text, i)
	}
	return b.String()
}

// TestBounds loads files that are small and would become far larger, or end the process:
// each is refused by an error that names the file and the bound.
func TestBounds(t *testing.T) {
	const levels = "more than 100 levels deep"
	repeated := func(before, text string, n int, after string) string { return before + strings.Repeat(text, n) + after }
	var aliases strings.Builder
	aliases.WriteString("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n")
	for i := range 8 {
		fmt.Fprintf(&aliases, "a%d: &a%d [%s*a%d]\n", i+1, i+1, strings.Repeat(fmt.Sprintf("*a%d, ", i), 9), i)
	}
	var inherited strings.Builder
	inherited.WriteString("[DEFAULT]\n")
	for i := range 3000 {
		fmt.Fprintf(&inherited, "d%d = x\n", i)
	}
	for i := range 99 {
		fmt.Fprintf(&inherited, "[app:a%d]\nuse = a%d\n", i, i+1)
	}
	inherited.WriteString("[app:a99]\nx = 1\n[app:main]\nuse = a1\n")
	var chain strings.Builder
	chain.WriteString("[app:main]\nuse = a0\n")
	for i := range 3000 {
		fmt.Fprintf(&chain, "[app:a%d]\nuse = a%d\n", i, i+1)
	}
	chain.WriteString("[app:a3000]\nx = 1\n")
	for name, c := range map[string]struct{ content, bound string }{
		"large.ini":              {repeated("", "#\n", 600_000, ""), "larger than 1048576 bytes"},
		"large.yaml":             {repeated("", "#\n", 600_000, ""), "larger than 1048576 bytes"},
		"large.toml":             {repeated("", "#\n", 600_000, ""), "larger than 1048576 bytes"},
		"large.json":             {repeated("", " \n", 600_000, "{}"), "larger than 1048576 bytes"},
		"defaults.ini":           {inherited.String(), "stand for more than 100000 values"},
		"chain.ini":              {chain.String(), "more than 100 sections"},
		"dotted.ini":             {repeated("[app:main]\n", "a.", 100_000, "a = 1\n"), levels},
		"dotted-ours.ini":        {repeated("[app:main]\nredis.sessions.", "a.", 100_000, "a = 1\n"), levels},
		"brackets.toml":          {repeated("a = ", "[", 1<<20-10, ""), levels},
		"braces.toml":            {repeated("a = ", "{a=", 300_000, ""), levels},
		"dotted.toml":            {repeated("", "a.", 100_000, "a = 1\n"), levels},
		"dotted-table.toml":      {repeated("[", "a.", 100_000, "a]\nb = 1\n"), levels},
		"quoted-dots.toml":       {repeated("", `"a".`, 100_000, "a = 1\n"), levels},
		"dotted-text.toml":       {repeated(`"`, "a.", 100_000, "a\" = 1\n"), levels},
		"keys.toml":              {numbered(6000, "k%d = 1\n"), "more than 5000 keys"},
		"tables.toml":            {numbered(2000, "[t%d.a.b]\n"), "more than 5000 keys"},
		"keys.yaml":              {numbered(6000, "k%d: 1\n"), "more than 5000 keys"},
		"flow.yaml":              {repeated("a: {", "", 0, numbered(6000, "k%d, ")+"}\n"), "more than 5000 keys"},
		"brackets.json":          {repeated(`{"a":`, "[", 1<<20-10, ""), levels},
		"objects.json":           {repeated("", `{"a":`, 9000, "1"+strings.Repeat("}", 9000)), levels},
		"deep.json":              {repeated("", `{"a":`, 100_000, "1"+strings.Repeat("}", 100_000)), levels},
		"dotted.json":            {repeated(`{"`, "a.", 100_000, `a":1}`), levels},
		"brackets.yaml":          {repeated("a: ", "[", 1<<20-10, ""), levels},
		"braces.yaml":            {repeated("a: ", "{a: ", 200_000, ""), levels},
		"nested.yaml":            {repeated("", "{a: ", 9000, "1"+strings.Repeat("}", 9000)), levels},
		"dotted.yaml":            {repeated("", "a.", 400, "a: 1\n"), levels},
		"aliases.yaml":           {aliases.String(), "aliases stand for more than 100000 values"},
		"dashes.yaml":            {repeated("a:\n ", "- ", 500_000, "x\n"), levels},
		"questions.yaml":         {repeated("", "? ", 500_000, "x\n"), levels},
		"arrays-of-tables.toml":  {repeated("[[", "a.", 100_000, "a]]\n"), levels},
		"inline-dotted-key.toml": {repeated("x = {", "a.", 100_000, "a = 1}\n"), levels},
	} {
		t.Run(name, func(t *testing.T) {
			file := writeFile(t, filepath.Join(t.TempDir(), name), c.content)
			_, err := Load(file)
			if err == nil || !strings.Contains(err.Error(), c.bound) || !strings.Contains(err.Error(), name) {
				t.Errorf("%.300v\nwant one that names the file and says %s", err, c.bound)
			}
		})
	}
}

// TestBoundsLeaveRoom loads what is large or nested, and still a settings file.
func TestBoundsLeaveRoom(t *testing.T) {
	var ini strings.Builder
	ini.WriteString("[DEFAULT]\nroot = /srv/application\n[app:main]\n")
	for i := range 5000 {
		fmt.Fprintf(&ini, "application.path.%d = %%(root)s/%%(here)s/%d\n", i, i)
	}
	toml := "a" + strings.Repeat(".a", 60) + " = " + strings.Repeat("[", 90) + strings.Repeat("]", 90) + "\n" +
		"x = '''" + strings.Repeat("[.", 5000) + "'''\n# " + strings.Repeat("[.", 5000) + "\ny = \"" + strings.Repeat(`\"[.`, 5000) + "\"\n"
	yaml := "base: &base {x: 1, y: 2}\nlist: [" + strings.Repeat("*base, ", 5000) + "*base]\n"
	for name, content := range map[string]string{"a.ini": ini.String(), "a.toml": toml, "a.yaml": yaml} {
		if _, err := Load(writeFile(t, filepath.Join(t.TempDir(), name), content)); err != nil {
			t.Errorf("%s: %.300v", name, err)
		}
	}
}
