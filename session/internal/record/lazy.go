package record

import (
	"bytes"

	"github.com/pyramidgo/redissessions/encode"
)

// Data is the data of one stored state of a session. The values never change; indexes
// and decoded values are kept to answer faster, so that it is not safe for concurrent use.
type Data interface {
	Keys() []string
	Has(key string) bool
	// Hidden reports whether there is data under keys that are not strings:
	// Python has them. It is kept, but a Session does not reach it.
	Hidden() bool
	// Get decodes the value at key. The caller may change what it gets.
	Get(key string) (v any, ok bool, err error)
	// Decode decodes the value at key into a pointer.
	Decode(key string, into any) (ok bool, err error)
	// Diff reports whether v differs from the value at key once both are
	// stored. When it had to encode v as a single value for that, encoded is
	// dst with it appended, otherwise dst.
	Diff(dst []byte, key string, v any) (encoded []byte, changed bool, err error)
	// appendBody appends the body that results from the changes.
	appendBody(dst []byte, changes []Change) ([]byte, error)
	// bodySize is about how much appendBody appends, or 0 when that is not known.
	bodySize(changes []Change) int
}

// Change is what a save does to one key.
type Change struct {
	Key     string
	Value   any
	Present bool   // false: the key is deleted
	Encoded []byte // the value, when the comparison with the stored one has encoded it
}

// Layout is a way to write the data of a session as the body of a record.
type Layout interface {
	kind() byte
	Empty() Data
	// parse takes a body that comes from the store.
	parse(body []byte) (Data, error)
	// open takes a body that this process has just encoded.
	open(body []byte) Data
	// Equal reports whether two values are the same once stored.
	Equal(a, b any) bool
	// Normal returns v as a reader of the stored record would get it. It shares
	// no memory with v.
	Normal(v any) (any, error)
	// Convert stores v into a pointer as if it had been saved and loaded.
	Convert(v, into any) error
}

// lazyLayout keeps each key by itself in a frame.
type lazyLayout struct{}

func (lazyLayout) kind() byte { return kindLazy }

func (lazyLayout) Empty() Data { return noLazyData }

// noLazyData is shared by all sessions: lookups in it keep nothing.
var noLazyData = &lazyData{}

func (lazyLayout) parse(body []byte) (Data, error) {
	f, err := checkFrame(body)
	return &lazyData{frame: f}, err
}

func (lazyLayout) open(body []byte) Data { return &lazyData{frame: body} }

func (lazyLayout) Equal(a, b any) bool {
	x, errA := appendValue(nil, a)
	y, errB := appendValue(nil, b)
	return errA == nil && errB == nil && (bytes.Equal(x, y) || sameOnceRead(x, y))
}

func (lazyLayout) Normal(v any) (any, error) {
	b, err := appendValue(nil, v)
	if err != nil {
		return nil, err
	}
	return decodeValue(b)
}

func (lazyLayout) Convert(v, into any) error {
	b, err := encode.CBOR.Encode(v)
	if err != nil {
		return err
	}
	return encode.CBOR.Decode(b, into)
}

// lazyData is a frame in which keys are looked up. The first lookups walk through
// the frame. A request that looks up many keys gets an index of all of them, so that
// each further lookup takes the same time however many keys there are.
type lazyData struct {
	frame   frame
	walked  int             // bytes that the lookups have walked through
	byKey   map[string]span // nil until walked is indexAfter times the frame's length
	indexed int             // how often the index was made
}

// indexAfter is how many times a frame is walked through before it is indexed: an
// index costs about as much as a few walks, and most requests look up a few keys.
const indexAfter = 8

// find returns the encoded value at a key.
func (d *lazyData) find(key string) ([]byte, bool) {
	if len(d.frame) == 0 {
		return nil, false
	}
	if d.byKey == nil && d.walked > indexAfter*len(d.frame) {
		d.byKey = d.frame.index()
		d.indexed++
	}
	if d.byKey != nil {
		at, ok := d.byKey[key]
		return d.frame[at.start:at.end], ok
	}
	value, end, ok := d.frame.find(key)
	d.walked += end
	return value, ok
}

// Lookups returns the work that lookups have done: how many times the frame's length
// they walked through, and how often they made an index.
func (d *lazyData) Lookups() (walks float64, indexed int) {
	return float64(d.walked) / float64(max(len(d.frame), 1)), d.indexed
}

func (d *lazyData) Keys() []string { return d.frame.Keys() }

func (d *lazyData) Hidden() bool { return false }

func (d *lazyData) Has(key string) bool {
	_, ok := d.find(key)
	return ok
}

func (d *lazyData) Get(key string) (any, bool, error) {
	b, ok := d.find(key)
	if !ok {
		return nil, false, nil
	}
	v, err := decodeValue(b)
	return v, err == nil, err
}

func (d *lazyData) Decode(key string, into any) (bool, error) {
	b, ok := d.find(key)
	if text, isText := into.(*string); ok && isText && b[0] == tagString {
		*text = string(b[1:])
		return true, nil
	}
	if !ok || b[0] != tagCBOR {
		return false, nil
	}
	err := encode.CBOR.Decode(b[1:], into)
	return err == nil, err
}

func (d *lazyData) Diff(dst []byte, key string, v any) ([]byte, bool, error) {
	if len(d.frame) == 0 {
		return dst, true, nil // a new session: its record is where the values are encoded
	}
	stored, ok := d.find(key)
	encoded, err := appendValue(dst, v)
	if err != nil {
		return dst, false, err
	}
	value := encoded[len(dst):]
	if !ok || bytes.Equal(stored, value) {
		return encoded, !ok, nil
	}
	return encoded, !sameOnceRead(stored, value), nil
}

// sameOnceRead reports whether a reader gets the same value from both encodings.
// Different bytes may hold the same value as CBOR: a named type is CBOR and comes
// back as a plain value, and a type may encode itself in several ways.
func sameOnceRead(a, b []byte) bool {
	if a[0] != tagCBOR && b[0] != tagCBOR {
		return false
	}
	normal := func(data []byte) []byte {
		v, err := decodeValue(data)
		if err != nil {
			return nil
		}
		out, err := appendValue(nil, v)
		if err != nil {
			return nil
		}
		return out
	}
	x := normal(a)
	return x != nil && bytes.Equal(x, normal(b))
}

func (d *lazyData) bodySize(changes []Change) int {
	n := len(d.frame)
	for i := range changes {
		n += entrySize(&changes[i])
	}
	return n
}

func (d *lazyData) appendBody(dst []byte, changes []Change) ([]byte, error) {
	return d.frame.patch(dst, changes)
}
