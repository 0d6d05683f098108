package connecttest

import (
	"context"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
)

// Installed returns the path of a program, the first of the names that there
// is. Where none is installed the test is skipped, or fails when the
// environment says REDISSESSIONS_REQUIRE_SERVERS=1.
func Installed(tb testing.TB, names ...string) string {
	tb.Helper()
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	const how = "%s is not installed; make servers does it on Debian and Ubuntu"
	if os.Getenv("REDISSESSIONS_REQUIRE_SERVERS") == "1" {
		tb.Fatalf(how+" (REDISSESSIONS_REQUIRE_SERVERS=1 makes this a failure)", strings.Join(names, " or "))
	}
	tb.Skipf(how, strings.Join(names, " or "))
	return ""
}

// Since7 reports whether redis-server is of version 7 or later, which has settings that
// 6.2 stops at: cluster-port, enable-debug-command.
func Since7(tb testing.TB) bool {
	tb.Helper()
	out, err := exec.Command(require(tb, "redis-server"), "--version").Output()
	if err != nil {
		tb.Fatalf("connecttest: redis-server --version: %v", err)
	}
	_, version, _ := strings.Cut(string(out), " v=")
	major, _, _ := strings.Cut(version, ".")
	n, err := strconv.Atoi(major)
	if err != nil {
		tb.Fatalf("connecttest: redis-server --version says %q", out)
	}
	return n >= 7
}

// OutputFile is the file, in the directory of Start, that a program's output goes to.
const OutputFile = "output.log"

// Start starts a program in a directory and waits until ask returns nil. The
// program is killed by stop, or when the test ends.
func Start(tb testing.TB, dir string, ask func(context.Context) error, program string, args ...string) (stop func()) {
	tb.Helper()
	p := start(tb, dir, program, args...)
	if err := ready(p, ask); err != nil {
		tb.Fatalf("connecttest: %s: %v\n%s", program, err, p.output())
	}
	return p.kill
}
