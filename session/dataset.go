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
	// text is get for a value that is a string.
	text(key string) (string, bool)
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

func (lazyLayout) empty() dataset { return lazyData(nil) }

func (lazyLayout) parse(body []byte) (dataset, error) {
	f, err := checkFrame(body)
	return lazyData(f), err
}

func (lazyLayout) open(body []byte) dataset { return lazyData(body) }

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

type lazyData frame

func (d lazyData) keys() []string { return frame(d).keys() }

func (d lazyData) hidden() bool { return false }

func (d lazyData) has(key string) bool {
	_, ok := frame(d).find(key)
	return ok
}

func (d lazyData) get(key string) (any, bool, error) {
	b, ok := frame(d).find(key)
	if !ok {
		return nil, false, nil
	}
	v, err := decodeValue(b)
	return v, err == nil, err
}

func (d lazyData) text(key string) (string, bool) {
	b, ok := frame(d).find(key)
	if !ok || b[0] != tagString {
		return "", false
	}
	return string(b[1:]), true
}

func (d lazyData) decode(key string, into any) (bool, error) {
	b, ok := frame(d).find(key)
	if !ok || b[0] != tagCBOR {
		return false, nil
	}
	err := encode.CBOR.Decode(b[1:], into)
	return err == nil, err
}

func (d lazyData) diff(dst []byte, key string, v any) ([]byte, bool, error) {
	if len(d) == 0 {
		return dst, true, nil // a new session: its record is where the values are encoded
	}
	stored, ok := frame(d).find(key)
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

func (d lazyData) bodySize(changes []change) int {
	n := len(d)
	for i := range changes {
		n += entrySize(&changes[i])
	}
	return n
}

func (d lazyData) appendBody(dst []byte, changes []change) ([]byte, error) {
	return frame(d).patch(dst, changes)
}

// encodeError names the key whose value could not be encoded.
func encodeError(key string, err error) error {
	return fmt.Errorf("session: the value at key %q cannot be encoded: %w", key, err)
}
