package pickle_test

import (
	"testing"

	"github.com/pyramidgo/redissessions/encode/encodetest"
	"github.com/pyramidgo/redissessions/encode/pickle"
)

// Python's datetime has microseconds, so the nanoseconds of a time are lost.
func TestCodecConformance(t *testing.T) {
	for protocol := 2; protocol <= 4; protocol++ {
		codec := pickle.Codec
		codec.Encode = pickle.Encoder{Protocol: protocol}.Marshal
		encodetest.TestCodec(t, codec, encodetest.Deterministic(), encodetest.Without("time", "typed-time"))
	}
}
