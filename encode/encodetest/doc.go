// Package encodetest checks a codec against the rules that sessions rely on.
//
// A test of your own codec is one call:
//
//	func TestMyCodec(t *testing.T) {
//		encodetest.TestCodec(t, mycodec.Codec)
//	}
//
// Each rule is a subtest whose failure states the rule in words. A rule that a
// format cannot keep is left out by its name, which also documents what the
// format loses:
//
//	encodetest.TestCodec(t, mycodec.Codec, encodetest.Without("bytes", "time"))
//
// Run it with the race detector on.
package encodetest
