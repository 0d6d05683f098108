package encode

import (
	"encoding"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/fxamacker/cbor/v2"
	"github.com/vmihailenco/msgpack/v5"

	"github.com/pyramidgo/redissessions/encode/internal/convert"
)

// typed converts a decoded tree into types that a tree does not have. A type that
// decodes itself gets its part of the tree encoded once more.
type typed struct {
	encode   Encoder // of a tree
	library  Decoder
	decoders []reflect.Type // interfaces of types that take encoded data
	binary   bool           // an encoding.BinaryUnmarshaler takes bytes
	text     bool           // an encoding.TextUnmarshaler takes text
	tags     []string
	options  []string // in tags: they write a struct in a form that only the library knows
	known    sync.Map // reflect.Type -> ways
}

var (
	cborRules = newRules(&convert.Rules{Tags: []string{"cbor", "json"}, Fold: true, DropTwins: true, NilTime: true}, &typed{
		encode: cborEncMode.Marshal, library: cborTextKeys.Unmarshal,
		decoders: []reflect.Type{reflect.TypeFor[cbor.Unmarshaler]()}, binary: true, options: []string{"toarray", "keyasint"},
	})
	jsonRules = newRules(&convert.Rules{Tags: []string{"json"}, Fold: true, DropTwins: true, Text: true}, &typed{
		encode: func(tree any) ([]byte, error) { return appendJSON(nil, tree) }, library: json.Unmarshal,
		decoders: []reflect.Type{reflect.TypeFor[json.Unmarshaler](), reflect.TypeFor[*json.Number]()}, text: true,
	})
	msgpackRules = newRules(&convert.Rules{Tags: []string{"msgpack", "json"}, DropTwins: true, InOrder: true, Whole: ownMsgPack}, &typed{
		encode: marshalMsgPack, library: unmarshalMsgPack,
		decoders: []reflect.Type{reflect.TypeFor[msgpack.CustomDecoder](), reflect.TypeFor[msgpack.Unmarshaler]()},
		binary:   true, text: true, options: []string{"as_array", "asArray"},
	})
)

func newRules(r *convert.Rules, t *typed) *convert.Rules {
	t.tags = r.Tags
	r.Special = t.special
	return r
}

// special is convert.Rules.Special.
func (t *typed) special(dst reflect.Value, src any) (instead any, done bool, err error) {
	w := t.waysOf(dst.Type())
	if w == (ways{}) {
		return src, false, nil
	}
	bytes, isBytes := src.([]byte)
	text, isText := src.(string)
	target := dst.Addr().Interface()
	switch {
	case w.encoded:
		data, err := t.encode(src)
		if err != nil {
			return nil, false, err
		}
		return nil, true, t.library(data, target)
	case w.binary && isBytes:
		return nil, true, target.(encoding.BinaryUnmarshaler).UnmarshalBinary(slices.Clone(bytes))
	case w.text && isText:
		return nil, true, target.(encoding.TextUnmarshaler).UnmarshalText([]byte(text))
	case w.text && !w.binary && isBytes:
		return nil, true, target.(encoding.TextUnmarshaler).UnmarshalText(slices.Clone(bytes))
	}
	return src, false, nil
}

// ways are how values of a type decode themselves.
type ways struct{ encoded, binary, text bool }

var (
	binaryUnmarshaler = reflect.TypeFor[encoding.BinaryUnmarshaler]()
	textUnmarshaler   = reflect.TypeFor[encoding.TextUnmarshaler]()
)

func (t *typed) waysOf(of reflect.Type) ways {
	if known, ok := t.known.Load(of); ok {
		return known.(ways)
	}
	var w ways
	if pointer := reflect.PointerTo(of); of != timeType && of != bigIntType.Elem() {
		for _, d := range t.decoders {
			w.encoded = w.encoded || d.Kind() == reflect.Interface && pointer.Implements(d) || d == pointer
		}
		w.encoded = w.encoded || t.hasOption(of)
		w.binary = t.binary && pointer.Implements(binaryUnmarshaler)
		w.text = t.text && pointer.Implements(textUnmarshaler)
	}
	t.known.Store(of, w)
	return w
}

// hasOption reports whether a struct has a field with one of the options.
func (t *typed) hasOption(of reflect.Type) bool {
	if of.Kind() != reflect.Struct {
		return false
	}
	for i := range of.NumField() {
		for _, key := range t.tags {
			_, options, _ := strings.Cut(of.Field(i).Tag.Get(key), ",")
			for option := range strings.SplitSeq(options, ",") {
				if slices.Contains(t.options, option) {
					return true
				}
			}
		}
	}
	return false
}

// storeTree stores a decoded tree in what target points to.
func storeTree(rules *convert.Rules, target, tree any) error {
	switch target := target.(type) {
	case *any:
		*target = tree
		return nil
	case *map[string]any:
		if dict, ok := tree.(map[string]any); ok {
			*target = dict
			return nil
		}
	}
	return rules.Into(target, tree)
}
