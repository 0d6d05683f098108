package encode_test

import (
	"os"
	"strings"
	"testing"
)

// TestGuideShowsTheExample keeps docs/writing-a-codec.md and the code it
// claims to show the same.
func TestGuideShowsTheExample(t *testing.T) {
	guide, err := os.ReadFile("../docs/writing-a-codec.md")
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile("example_gzip_test.go")
	if err != nil {
		t.Fatal(err)
	}
	_, code, _ := strings.Cut(string(source), "// unpackedLimit")
	code, _, found := strings.Cut(code, "\nfunc TestGzipJSON")
	if !found || !strings.Contains(string(guide), "// unpackedLimit"+code) {
		t.Error("docs/writing-a-codec.md shows other code than example_gzip_test.go")
	}
}
