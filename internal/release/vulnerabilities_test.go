package main

import (
	"errors"
	"os"
	"strings"
	"testing"
)

// TestVulnerabilities: without its data the check is skipped, with the reason; with data it
// finds a vulnerable function that is called.
func TestVulnerabilities(t *testing.T) {
	all := files()
	for _, file := range []string{"go.mod", "go.sum"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all["internal/release/"+file] = string(text)
	}
	r := newRepository(t, all)
	r.published = r.published[:1]

	t.Setenv("GOVULNDB", "http://127.0.0.1:1")
	_, err := checkVulnerabilities(t.Context(), r, entry{})
	if !errors.Is(err, errSkipped) || !strings.Contains(err.Error(), "the data of http://127.0.0.1:1 cannot be had") {
		t.Errorf("without the data: %v", err)
	}

	db := &repository{root: t.TempDir()}
	t.Setenv("GOVULNDB", "file://"+db.root)
	const modified = `"modified":"2026-11-01T00:00:00Z"`
	db.write(t, "index/db.json", "{"+modified+"}")
	db.write(t, "index/modules.json", "[]")
	db.write(t, "index/vulns.json", "[]")
	if found, err := checkVulnerabilities(t.Context(), r, entry{}); err != nil {
		t.Errorf("without a vulnerability: %q, %v", found, err)
	}
	db.write(t, "index/modules.json", `[{"path":"stdlib","vulns":[{"id":"GO-2026-0001",`+modified+`}]}]`)
	db.write(t, "index/vulns.json", `[{"id":"GO-2026-0001",`+modified+`}]`)
	db.write(t, "ID/GO-2026-0001.json", `{"schema_version":"1.3.1","id":"GO-2026-0001",`+modified+`,"published":"2026-11-01T00:00:00Z","summary":"for a test",
		"affected":[{"package":{"name":"stdlib","ecosystem":"Go"},"ranges":[{"type":"SEMVER","events":[{"introduced":"0"}]}],
		"ecosystem_specific":{"imports":[{"path":"strings","symbols":["ToUpper"]}]}}]}`)
	if found, err := checkVulnerabilities(t.Context(), r, entry{}); err == nil || !strings.Contains(err.Error(), "GO-2026-0001") {
		t.Errorf("with a vulnerability: %q, %v", found, err)
	}
}
