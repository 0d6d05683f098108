package cli

import (
	"runtime/debug"
	"testing"
)

// TestVersion: the module's version where the build has one, else that of the release.
func TestVersion(t *testing.T) {
	for _, test := range []struct {
		main string
		ok   bool
		want string
	}{
		{"v0.2.0", true, "v0.2.0"},
		{"v0.1.1-0.20261126100000-0123456789ab", true, "v0.1.1-0.20261126100000-0123456789ab"},
		{"(devel)", true, release},
		{"", true, release},
		{"v0.2.0", false, release},
	} {
		if got := versionOf(&debug.BuildInfo{Main: debug.Module{Version: test.main}}, test.ok); got != test.want {
			t.Errorf("of a build of %q (%v): %s, want %s", test.main, test.ok, got, test.want)
		}
	}
}
