package session

import (
	"bytes"
	"fmt"

	"github.com/pyramidgo/redissessions/encode"
)

// dataset is the data of one stored state of a session. It never changes, but
// for what it keeps to itself to answer faster.
type dataset interface {
	keys() []string
	has(key string) bool
	// hidden reports whether there is data under keys that are not strings:
	// Python has them. It is kept, but a Session does not reach it.
	hidden() bool
	// get decodes the value at key. The caller may change what it gets.
	get(key string) (v any, ok bool, err error)
	// decode decodes the value at key into a pointer.
	decode(key string, into any) (ok bool, err error)
	// diff reports whether v differs from the value at key once both are
	// stored. When it had to encode v as a single value for that, encoded is
	// dst with it appended, otherwise dst.
	diff(dst []byte, key string, v any) (encoded []byte, changed bool, err error)
	// appendBody appends the body that results from the changes.
	appendBody(dst []byte, changes []change) ([]byte, error)
	// bodySize is about how much appendBody appends, or 0 when that is not known.
	bodySize(changes []change) int
}

// change is what becomes of one key in a save: what its slot says.
type change struct {
	*slot
	encoded []byte // the value, when finding the change has encoded it
}

// layout is a way to write the data of a session as the body of a record.
type layout interface {
	kind() byte
	empty() dataset
	// parse takes a body that comes from the store.
	parse(body []byte) (dataset, error)
	// open takes a body that this process has just encoded.
	open(body []byte) dataset
	// equal reports whether two values are the same once stored.
	equal(a, b any) bool
	// normal returns v as a reader of the stored record would get it. It shares
	// no memory with v.
	normal(v any) (any, error)
	// convert stores v into a pointer as if it had been saved and loaded.
	convert(v, into any) error
}

// lazyLayout keeps each key by itself in a frame.
type lazyLayout struct{}

func (lazyLayout) kind() byte { return kindLazy }

func (lazyLayout) empty() dataset { return &lazyData{} }

func (lazyLayout) parse(body []byte) (dataset, error) {
	f, err := checkFrame(body)
	return &lazyData{frame: f}, err
}

func (lazyLayout) open(body []byte) dataset { return &lazyData{frame: body} }

func (lazyLayout) equal(a, b any) bool {
	x, errA := appendValue(nil, a)
	y, errB := appendValue(nil, b)
	return errA == nil && errB == nil && (bytes.Equal(x, y) || sameOnceRead(x, y))
}

func (lazyLayout) normal(v any) (any, error) {
	b, err := appendValue(nil, v)
	if err != nil {
		return nil, err
	}
	return decodeValue(b)
}

func (lazyLayout) convert(v, into any) error {
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

func (d *lazyData) keys() []string { return d.frame.keys() }

func (d *lazyData) hidden() bool { return false }

func (d *lazyData) has(key string) bool {
	_, ok := d.find(key)
	return ok
}

func (d *lazyData) get(key string) (any, bool, error) {
	b, ok := d.find(key)
	if !ok {
		return nil, false, nil
	}
	v, err := decodeValue(b)
	return v, err == nil, err
}

func (d *lazyData) decode(key string, into any) (bool, error) {
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

func (d *lazyData) diff(dst []byte, key string, v any) ([]byte, bool, error) {
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

func (d *lazyData) bodySize(changes []change) int {
	n := len(d.frame)
	for i := range changes {
		n += entrySize(&changes[i])
	}
	return n
}

func (d *lazyData) appendBody(dst []byte, changes []change) ([]byte, error) {
	return d.frame.patch(dst, changes)
}

// encodeError names the key whose value could not be encoded.
func encodeError(key string, err error) error {
	return fmt.Errorf("session: the value at key %q cannot be encoded: %w", key, err)
}
