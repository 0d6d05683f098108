package pickle_test

import (
	"testing"

	"github.com/pyramidgo/redissessions/encode/encodetest"
	"github.com/pyramidgo/redissessions/encode/pickle"
)

func TestCodecConformance(t *testing.T) { encodetest.TestCodec(t, pickle.Codec) }
