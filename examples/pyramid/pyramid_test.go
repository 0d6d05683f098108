package main

import (
	"errors"
	"os"
	"strings"
	"testing"
)

// The example itself is the test: real Pyramid, real cookies, both ways.
func TestCheck(t *testing.T) {
	var out strings.Builder
	err := run(t.Context(), []string{"-check"}, &out)
	if errors.Is(err, errNoPyramid) && os.Getenv("REDISSESSIONS_REQUIRE_SERVERS") != "1" {
		t.Skip(err)
	}
	if err != nil {
		t.Errorf("%v\n%s", err, out.String())
	}
	if n := strings.Count(out.String(), "ok: "); n != 13 {
		t.Errorf("%d steps were taken", n)
	}
}
