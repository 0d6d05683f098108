package encodetest

import (
	"slices"
	"testing"

	"github.com/pyramidgo/redissessions/encode"
)

// TestCodec checks codec against every rule, each in a subtest of its name.
//
// The rule "cyclic" gives the encoder a map that contains itself. An encoder
// that follows it without a limit ends the whole test program with a stack
// overflow, as it would end a server.
func TestCodec(t *testing.T, codec encode.Codec, opts ...Option) {
	t.Helper()
	if codec.Encode == nil || codec.Decode == nil {
		t.Fatal("encodetest: the codec has no encoder or no decoder")
	}
	var o options
	for _, opt := range opts {
		opt(&o)
	}
	for _, name := range o.without {
		if !slices.ContainsFunc(rules, func(r rule) bool { return r.name == name }) {
			t.Fatalf("encodetest: Without(%q): there is no such rule", name)
		}
	}
	for _, r := range rules {
		t.Run(r.name, func(t *testing.T) {
			if slices.Contains(o.without, r.name) {
				t.Skip("left out by Without")
			}
			if r.claimed && !o.deterministic {
				t.Skip("not claimed")
			}
			if err := r.check(codec); err != nil {
				t.Errorf("%s: %v", r.states, err)
			}
		})
	}
}

// Option changes what TestCodec checks.
type Option func(*options)

type options struct {
	without       []string
	deterministic bool
}

// Without leaves out rules by name: those that the format has no means to
// keep.
func Without(rules ...string) Option {
	return func(o *options) { o.without = append(o.without, rules...) }
}

// Deterministic claims that equal values have equal encodings, and has that
// checked. A session needs it to see that setting a key to an equal value
// changes nothing; without it such a session is written once more than needed.
func Deterministic() Option {
	return func(o *options) { o.deterministic = true }
}

// rule is one thing that sessions rely on.
type rule struct {
	name    string
	states  string
	check   func(encode.Codec) error
	claimed bool // checked only where an option claims it
}

var rules = []rule{
	{name: "empty", states: "an empty dict must come back as an empty dict", check: keeps(map[string]any{})},
	{name: "strings", states: "text must come back as the same text", check: keeps(texts)},
	{name: "keys", states: "any valid UTF-8 text must do as a key", check: keeps(oddKeys)},
	{name: "bools", states: "true and false must come back as bool", check: keeps(map[string]any{"yes": true, "no": false})},
	{name: "nil", states: "nil must come back as nil, and its key must be kept", check: keeps(map[string]any{"none": nil})},
	{name: "integers", states: "an integer must come back as an int64 of the same value", check: keeps(integers)},
	{name: "floats", states: "a float64 must come back as a float64 of the same value", check: keeps(floats)},
	{name: "whole-floats", states: "a float64 that is a whole number must not become an integer", check: keeps(wholeFloats)},
	{name: "bytes", states: "a []byte must come back as a []byte", check: keeps(bytesDict)},
	{name: "time", states: "a time.Time must come back as the same instant, to the nanosecond", check: keeps(times)},
	{name: "lists", states: "a list must come back as a []any", check: keeps(lists)},
	{name: "nested", states: "maps and lists inside one another must come back as they were", check: keeps(nested())},
	{name: "large", states: "a dict of a thousand keys and a text of 100,000 bytes must come back whole", check: keeps(large())},
	{name: "any-target", states: "decoding into an *any must make a map[string]any of a dict", check: checkAnyTarget},
	{name: "typed-struct", states: "decoding into a pointer to a struct must fill its fields", check: checkStruct},
	{name: "typed-slice", states: "decoding into a pointer to a slice must make that slice", check: checkSlice},
	{name: "typed-map", states: "decoding into a pointer to a map must make that map", check: checkMap},
	{name: "typed-time", states: "decoding into a *time.Time must give the same instant", check: checkTime},
	{name: "wrong-type", states: "decoding into a type that cannot hold the value must be an error", check: checkWrongType},
	{name: "bad-target", states: "decoding into what is no pointer must be an error, never a panic", check: checkBadTarget},
	{name: "no-data", states: "decoding nothing at all must be an error", check: checkNoData},
	{name: "garbage", states: "malformed data must be an error, never a panic", check: checkGarbage},
	{name: "truncated", states: "data cut short must be an error or decode to the same, never a panic", check: checkTruncated},
	{name: "trailing", states: "data with something after it must be an error", check: checkTrailing},
	{name: "damaged", states: "data with a wrong bit must never be a panic", check: checkDamaged},
	{name: "keeps-input", states: "the decoder must not modify its input", check: checkInputUnchanged},
	{name: "copies-input", states: "what was decoded must not change when the input is overwritten", check: checkInputCopied},
	{name: "keeps-value", states: "the encoder must not modify the value", check: checkValueUnchanged},
	{name: "copies-value", states: "what was encoded must not change when the value is changed, nor when the encoder is used again", check: checkValueCopied},
	{name: "unencodable", states: "a func or a channel must be an error, never a panic", check: checkUnencodable},
	{name: "cyclic", states: "a value that contains itself must be an error", check: checkCyclic},
	{name: "deep", states: "a value nested 100,000 deep must be an error or come back the same", check: checkDeep},
	{name: "concurrent", states: "encoder and decoder must work for several goroutines at once", check: checkConcurrent},
	{name: "deterministic", states: "equal values must have equal encodings", check: checkDeterministic, claimed: true},
}
