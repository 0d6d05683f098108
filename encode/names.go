package encode

import "strings"

// EncoderName returns the codec's name that a settings file's name for an
// encoder stands for. A Pyramid settings file names a Python function,
// json.dumps or cPickle.dumps, where ours names a codec, json or pickle; both
// mean the same bytes. A name that is no such function is returned as it is.
//
// A decoder's name, json.loads, is not an encoder's and is returned as it is,
// so that a settings file that has the two the wrong way round is refused.
func EncoderName(name string) string { return fromPython(name, "dumps", "packb") }

// DecoderName is EncoderName for a decoder's name: json.loads, cPickle.loads.
func DecoderName(name string) string { return fromPython(name, "loads", "unpackb") }

// fromPython maps a dotted name whose last part is one of functions.
func fromPython(name string, functions ...string) string {
	// Pyramid's DottedNameResolver takes a colon before the attribute too.
	dotted := strings.ReplaceAll(strings.TrimSpace(name), ":", ".")
	dot := strings.LastIndexByte(dotted, '.')
	if dot < 0 {
		return name
	}
	codec, known := pythonModules[dotted[:dot]]
	if !known {
		return name
	}
	for _, f := range functions {
		if dotted[dot+1:] == f {
			return codec
		}
	}
	return name
}

// pythonModules names the codec whose bytes a Python module's functions write
// and read.
var pythonModules = map[string]string{
	"json":       "json",
	"simplejson": "json",

	"pickle":            "pickle",
	"_pickle":           "pickle",
	"cPickle":           "pickle",
	"six.moves.cPickle": "pickle",

	"pyramid_redis_sessions.compat.cPickle": "pickle",
	"pyramid_session_redis.compat.pickle":   "pickle",

	"msgpack": "msgpack",
	"cbor":    "cbor",
	"cbor2":   "cbor",
}
