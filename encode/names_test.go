package encode_test

import (
	"testing"

	"github.com/pyramidgo/redissessions/encode"
)

func TestNamesOfPythonFunctions(t *testing.T) {
	for _, c := range []struct{ name, encoder, decoder string }{
		{"json.dumps", "json", "json.dumps"},
		{"json.loads", "json.loads", "json"},
		{"pickle.dumps", "pickle", "pickle.dumps"},
		{"pickle.loads", "pickle.loads", "pickle"},
		{"cPickle.dumps", "pickle", "cPickle.dumps"},
		{"cPickle.loads", "cPickle.loads", "pickle"},
		{"_pickle.loads", "_pickle.loads", "pickle"},
		{"six.moves.cPickle.dumps", "pickle", "six.moves.cPickle.dumps"},
		{"pickle:loads", "pickle:loads", "pickle"},
		{"msgpack.packb", "msgpack", "msgpack.packb"},
		{"cbor2.loads", "cbor2.loads", "cbor"},
		{"json", "json", "json"},
		{"cbor", "cbor", "cbor"},
		{"dumps", "dumps", "dumps"},
		{"json.dump", "json.dump", "json.dump"},
		{"myapp.codecs.dumps", "myapp.codecs.dumps", "myapp.codecs.dumps"},
		{"", "", ""},
	} {
		if got := encode.EncoderName(c.name); got != c.encoder {
			t.Errorf("EncoderName(%q) = %q, want %q", c.name, got, c.encoder)
		}
		if got := encode.DecoderName(c.name); got != c.decoder {
			t.Errorf("DecoderName(%q) = %q, want %q", c.name, got, c.decoder)
		}
	}
}
