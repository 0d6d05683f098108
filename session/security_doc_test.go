package session

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// docs/security.md names the test beside each requirement. A page that promises
// a test nobody runs would be worse than none.
func TestSecurityPageNamesTests(t *testing.T) {
	page, err := os.ReadFile("../docs/security.md")
	if err != nil {
		t.Fatal(err)
	}
	var sources bytes.Buffer
	err = filepath.WalkDir("..", func(path string, _ fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, "_test.go") {
			var b []byte
			b, err = os.ReadFile(path)
			sources.Write(b)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	names := regexp.MustCompile("`((?:Test|Fuzz)[A-Z][A-Za-z0-9]*)`").FindAllSubmatch(page, -1)
	if len(names) < 30 {
		t.Errorf("the page names %d tests; there were more than 30", len(names))
	}
	for _, name := range names {
		if !bytes.Contains(sources.Bytes(), []byte("\nfunc "+string(name[1])+"(")) {
			t.Errorf("there is no test %s", name[1])
		}
	}
}
