package dbsc

import (
	"strings"
	"testing"
	"time"
)

// FuzzField: what is accepted is one string or token, as its serialization shows.
func FuzzField(f *testing.F) {
	for _, text := range []string{"", "a", `"a"`, `"a\"b\\"`, `a;b="c"`, `a; b="c";d="e"`, `"a";b=1`, "a,b", `"a", "b"`, `"a`, `a"`, "é", ":YQ==:", "?1", "(a)", " a ", "a;*=\"b\""} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		value, err := field([]string{text})
		if err != nil {
			if value != "" {
				t.Errorf("%q: %q and %v", text, value, err)
			}
			return
		}
		again, err := field([]string{`"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(value) + `"`})
		if err != nil || again != value || len(value) > len(text) || strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r > '~' }) {
			t.Errorf("%q is %q, then %q, %v", text, value, again, err)
		}
	})
}

// FuzzState: what is read is what was written, and nothing else is read.
func FuzzState(f *testing.F) {
	now := time.UnixMilli(1_800_000_000_123)
	full := state{id: nonce{1}, offered: now, registered: now, refreshed: now, key: "e"}
	if err := full.renew(now); err != nil {
		f.Fatal(err)
	}
	for _, s := range []state{{}, {offered: now, offer: nonce{2}}, full} {
		f.Add(s.String())
	}
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		s, ok := parseState(text)
		if !ok {
			return
		}
		again, ok := parseState(s.String())
		if !ok || again != s || len(s.String()) != len(text) {
			t.Errorf("%q is %+v, and then %+v", text, s, again)
		}
	})
}

// FuzzProof: a proof that is parsed has a challenge, and a key where it is a registration;
// none is signed by a key that the fuzzer does not have.
func FuzzProof(f *testing.F) {
	for _, text := range []string{"", "..", "e30.e30.e30", "eyJhbGciOiJFUzI1NiIsInR5cCI6ImRic2Mrand0In0.eyJqdGkiOiJjMiJ9.EBEGauBs6UNjw4arh6Eyeg1WUYgoOrUtf6_LdSWGNoKurfQWpvmilXvJLlM5Qo3lxVRm37h-90bnKrmZ0FifWA"} {
		f.Add(text, true)
		f.Add(text, false)
	}
	const strange = "e\x04k\x17\xd1\xf2\xe1,BG\xf8\xbc\xe6\xe5c\xa4@\xf2w\x03}\x81-\xeb3\xa0\xf4\xa19E\xd8\x98\xc2\x96O\xe3B\xe2\xfe\x1a\x7f\x9b\x8e\xe7\xebJ|\x0f\x9e\x16+\xce3Wk1^\xce\xcb\xb6@h7\xbfQ\xf5"
	f.Fuzz(func(t *testing.T, text string, registration bool) {
		p, err := parseProof(text, registration)
		if err != nil {
			return
		}
		if p.challenge == "" || (p.key != "") != registration {
			t.Errorf("%+v", p)
		}
		if p.signedBy(strange) || p.signedBy("") || p.signedBy("e") || p.signedBy("r") {
			t.Error("it is signed by a key that signed nothing")
		}
	})
}
