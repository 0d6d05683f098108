package dialect

import (
	"regexp"
	"strings"
	"testing"
)

// Proxies that shard (Tair's, for one) read a script's source and refuse it when a
// command names its key in any other way than KEYS[1], or KEYS[2].
func TestScriptsNameTheirKeyLiterally(t *testing.T) {
	t.Parallel()
	literal := regexp.MustCompile(`redis\.p?call\('[A-Z]+', KEYS\[[12]\][,)]`)
	for name, s := range map[string]Script{"Replace": Replace, "Swap": Swap, "Remove": Remove, "Expire": Expire, "Persist": Persist} {
		source := s.Source.(string)
		calls := strings.Count(source, "call(")
		if n := len(literal.FindAllString(source, -1)); n != calls || n == 0 {
			t.Errorf("%s: %d of its %d calls name their key literally", name, n, calls)
		}
	}
}
