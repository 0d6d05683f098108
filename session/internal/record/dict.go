package record

import (
	"fmt"
	"maps"
	"slices"

	"github.com/pyramidgo/redissessions/encode"
	"github.com/pyramidgo/redissessions/encode/pickle"
)

// dictLayout writes all of the data at once, as a map, by a codec that the
// settings name. The codec need only hold decode(encode(data)) == data for such
// maps, so single values travel in a map of one key.
type dictLayout struct {
	codec encode.Codec
	// member is where in the encoded map the data is, in the Pyramid formats.
	// By default the data is all of it.
	member string
}

func (dictLayout) kind() byte { return kindCodec }

func (l dictLayout) Empty() Data { return &dictData{layout: l} }

func (l dictLayout) parse(body []byte) (Data, error) {
	d := &dictData{layout: l, body: body}
	_, err := d.decoded()
	return d, err
}

func (l dictLayout) open(body []byte) Data { return &dictData{layout: l, body: body} }

func (l dictLayout) Equal(a, b any) bool {
	x, errA := l.Normal(a)
	y, errB := l.Normal(b)
	return errA == nil && errB == nil && pickle.Equal(x, y)
}

func (l dictLayout) Convert(v, into any) error {
	b, err := l.codec.Encode(v)
	if err != nil {
		return err
	}
	return l.codec.Decode(b, into)
}

func (l dictLayout) Normal(v any) (any, error) {
	const key = "v"
	b, err := l.codec.Encode(map[string]any{key: v})
	if err != nil {
		return nil, err
	}
	m, err := l.decodeMap(b)
	if err != nil {
		return nil, err
	}
	return m[key], nil
}

// decodeMap decodes what the codec has encoded. A codec of the application's
// that panics on damaged input must not take the request with it.
func (l dictLayout) decodeMap(body []byte) (m map[string]any, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("%w: the decoder panicked: %v", ErrUndecodable, v)
		}
	}()
	if err := l.codec.Decode(body, &m); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUndecodable, err)
	}
	return m, nil
}

// dictData decodes its body once, and again for a comparison, when Get has returned a
// value that the handler may have changed in place.
type dictData struct {
	layout dictLayout
	body   []byte // nil when empty

	values  map[string]any // decoded from body
	others  []pickle.Item  // of a Python dict: the items whose keys are not text
	reread  map[string]any // decoded again; only when values may have changed
	exposed bool           // a value that can change in place was handed out
}

func (d *dictData) decoded() (map[string]any, error) {
	return d.decodeInto(&d.values)
}

// original returns the values as they are stored. The caller must not change
// them.
func (d *dictData) original() (map[string]any, error) {
	if !d.exposed {
		return d.decodeInto(&d.values)
	}
	return d.decodeInto(&d.reread)
}

func (d *dictData) decodeInto(m *map[string]any) (map[string]any, error) {
	if *m != nil || d.body == nil {
		return *m, nil
	}
	decoded, err := d.layout.decodeMap(d.body)
	if err == nil && d.layout.member != "" {
		decoded, d.others, err = splitDict(decoded[d.layout.member])
		takeLogin(decoded)
	}
	*m = decoded
	return decoded, err
}

func (d *dictData) Keys() []string {
	m, _ := d.decoded()
	return slices.Collect(maps.Keys(m))
}

func (d *dictData) Has(key string) bool {
	m, _ := d.decoded()
	_, ok := m[key]
	return ok
}

func (d *dictData) Get(key string) (any, bool, error) {
	m, err := d.decoded()
	v, ok := m[key]
	d.exposed = d.exposed || ok && !Immutable(v)
	return v, ok, err
}

// Decode leaves the conversion to layout.convert: there is nothing to decode
// that get has not decoded.
func (d *dictData) Decode(string, any) (bool, error) { return false, nil }

func (d *dictData) Diff(dst []byte, key string, v any) ([]byte, bool, error) {
	m, err := d.original()
	if err != nil {
		return dst, false, err
	}
	stored, ok := m[key]
	if ok && Immutable(v) && Immutable(stored) && v == stored {
		return dst, false, nil
	}
	n, err := d.layout.Normal(v)
	if err != nil {
		return dst, false, err
	}
	return dst, !ok || !pickle.Equal(n, stored), nil
}

func (d *dictData) Hidden() bool {
	_, _ = d.decoded()
	return len(d.others) > 0
}

// bodySize is not known before the codec has run.
func (d *dictData) bodySize([]Change) int { return 0 }

func (d *dictData) appendBody(dst []byte, changes []Change) ([]byte, error) {
	m, err := d.merged(changes)
	if err != nil {
		return nil, err
	}
	b, err := d.layout.Encode(m)
	return append(dst, b...), err
}

// merged returns the values as they are stored, with the changes.
func (d *dictData) merged(changes []Change) (map[string]any, error) {
	m, err := d.original()
	if err != nil {
		return nil, err
	}
	m = maps.Clone(m)
	if m == nil {
		m = map[string]any{}
	}
	for _, c := range changes {
		if c.Present {
			m[c.Key] = c.Value
		} else {
			delete(m, c.Key)
		}
	}
	return m, nil
}

func (l dictLayout) Encode(m any) ([]byte, error) {
	return l.wrapped(l.codec.Encode(m))
}

// wrapped returns what a codec has returned.
func (dictLayout) wrapped(b []byte, err error) ([]byte, error) {
	if err != nil {
		return nil, fmt.Errorf("session: the data cannot be encoded: %w", err)
	}
	return b, nil
}
