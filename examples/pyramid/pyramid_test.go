package main

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/pyramidgo/redissessions/internal/connecttest"
)

// formats are the two Python packages, with the names of the settings.
var formats = []string{"pyramid_session_redis", "pyramid_redis_sessions"}

// The example itself is the test: real Pyramid, real cookies, both ways.
func TestCheck(t *testing.T) {
	t.Parallel()
	check(t)
}

// With a redis-server, in the formats of both packages.
func TestCheckEachFormat(t *testing.T) {
	t.Parallel()
	for _, format := range formats {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			check(t, "-redis", connecttest.RedisServer(t).URL(), "-format", format)
		})
	}
}

func check(t *testing.T, args ...string) {
	t.Helper()
	var out strings.Builder
	err := run(t.Context(), append([]string{"-check"}, args...), &out)
	skipWithoutPyramid(t, err)
	if err != nil {
		t.Errorf("%v\n%s", err, out.String())
	}
	if n := strings.Count(out.String(), "ok: "); n != 28 {
		t.Errorf("%d steps were taken", n)
	}
}

func skipWithoutPyramid(t *testing.T, err error) {
	t.Helper()
	if errors.Is(err, errNoPyramid) && os.Getenv("REDISSESSIONS_REQUIRE_SERVERS") != "1" {
		t.Skip(err)
	}
}
