package encode_test

import (
	"errors"
	"math/big"
	"net/netip"
	"net/url"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pyramidgo/redissessions/encode"
	"github.com/pyramidgo/redissessions/encode/pickle"
)

type (
	hidden struct{ n int }
	// shy has a method that encodes it, but only its pointer has.
	shy struct{ n int }
	// sealedNote encodes itself.
	sealedNote struct{ text string }
	locked     struct {
		sync.Mutex
		N int
	}
	hiddenMutex struct {
		mu *sync.Mutex
		N  int
	}
	allLeftOut struct {
		A string `json:"-"`
		B int    `json:"-"`
	}
	deepHidden struct {
		Name  string
		Inner struct{ Value hidden }
	}
	embedsHidden struct {
		hidden
		*locked
	}
	onlyHidden struct{ hidden }
)

func (s *shy) MarshalJSON() ([]byte, error) { return []byte(`"shy"`), nil }

func (s sealedNote) MarshalText() ([]byte, error)   { return []byte(s.text), nil }
func (s sealedNote) MarshalBinary() ([]byte, error) { return []byte(s.text), nil }
func (s *sealedNote) UnmarshalText(b []byte) error {
	s.text = string(b)
	return nil
}
func (s *sealedNote) UnmarshalBinary(b []byte) error { return s.UnmarshalText(b) }

func allCodecs() map[string]encode.Codec {
	return map[string]encode.Codec{"cbor": encode.CBOR, "json": encode.JSON, "msgpack": encode.MsgPack, "pickle": pickle.Codec}
}

// around puts a value where values are.
func around[T any](v T) map[string]any {
	return map[string]any{
		"itself": v, "a pointer": &v, "an any": map[string]any{"k": v}, "a list": []any{1, v}, "a pointer in a list": []any{&v},
		"a slice": []T{v}, "an array": [1]T{v}, "a map": map[string]T{"k": v}, "a map of pointers": map[int]*T{1: &v},
		"a field": struct{ F T }{v}, "a pointer in a field": struct{ F *T }{&v}, "an any in a field": struct{ F any }{v},
		"a pointer to a field": &struct{ F T }{v}, "a slice in a field": struct{ F []T }{[]T{v}},
		"a map in a slice": []map[string]T{{"k": v}}, "a pointer to a pointer": new(&v),
	}
}

// A struct none of whose fields would be written is refused, wherever it is: it
// would be stored as an empty map, and be read as one.
func TestNothingIsStoredAsAnEmptyMap(t *testing.T) {
	var counter atomic.Int64
	counter.Store(7)
	mutex, wait := new(sync.Mutex), new(sync.WaitGroup)
	values := map[string]map[string]any{
		"no exported field": around(hidden{7}), "two levels down": around(deepHidden{Name: "x"}), "tags leave all out": around(allLeftOut{"x", 1}),
		"embeds a hidden one": around(onlyHidden{hidden{1}}),
		"user info":           around(url.UserPassword("ann", "secret")), "location": around(time.FixedZone("X", 3600)),
		"error": around(errors.New("broken")), "wrapped error": around(errors.Join(errors.New("broken"))),
		"counter": around(&counter), "mutex": around(mutex), "wait group": around(wait), "builder": around(new(strings.Builder)),
		"rational's parts": around(reflect.ValueOf(7)),
	}
	for name, codec := range allCodecs() {
		for what, places := range values {
			for where, v := range places {
				data, err := codec.Encode(map[string]any{"key": v})
				if err == nil {
					t.Errorf("%s: %s in %s was stored as %q", name, what, where, data)
				} else if !strings.Contains(err.Error(), "key") || strings.Contains(err.Error(), "secret") {
					t.Errorf("%s: %s in %s: %v", name, what, where, err)
				}
			}
		}
	}
}

// What has at least one field that is written, or nothing to lose, is fine.
func TestWhatHasSomethingToStoreIsStored(t *testing.T) {
	for name, codec := range allCodecs() {
		for what, v := range map[string]any{
			"an empty struct": struct{}{}, "a set": map[string]struct{}{"a": {}}, "an embedded mutex": &locked{N: 1}, "a hidden mutex": &hiddenMutex{new(sync.Mutex), 1},
			"nil pointers": struct{ U *url.Userinfo }{}, "no elements": []hidden{}, "an URL": struct{ U *url.URL }{}, "embeds": &embedsHidden{hidden{1}, &locked{N: 2}},
			"a nil pointer to one": (*hidden)(nil), "nil error": struct{ Err error }{},
		} {
			data, err := codec.Encode(map[string]any{"key": v})
			if err != nil {
				t.Errorf("%s: %s: %v", name, what, err)
				continue
			}
			var back any
			if err := codec.Decode(data, &back); err != nil {
				t.Errorf("%s: %s: %v", name, what, err)
			}
		}
	}
}

// A type with methods of its own goes through those that the codec calls. Where it
// calls none, the value is refused.
func TestTypesThatEncodeThemselves(t *testing.T) {
	user := &url.URL{Scheme: "https", Host: "example.test", User: url.User("ann")}
	for name, codec := range allCodecs() {
		for what, v := range map[string]any{
			"time": time.Unix(5, 0).UTC(), "address": netip.MustParseAddr("192.0.2.1"), "prefix": netip.MustParsePrefix("192.0.2.0/24"),
			"big.Int": *big.NewInt(5), "*big.Int": big.NewInt(5), "*big.Rat": big.NewRat(1, 3), "*big.Float": big.NewFloat(1.5),
			"URL": *user, "*URL": user, "URL without a user": url.URL{Host: "example.test"}, "note": sealedNote{"x"}, "*note": &sealedNote{"x"},
			"shy": shy{1}, "*shy": &shy{1}, "location": *time.UTC, "slice of shy": []shy{{1}}, "shy in a field": struct{ S shy }{shy{1}}, "shy behind a pointer": &struct{ S shy }{shy{1}},
		} {
			data, err := codec.Encode(map[string]any{"key": v})
			if err != nil {
				t.Logf("%s: %s: refused: %v", name, what, err)
				continue
			}
			var back map[string]any
			if err := codec.Decode(data, &back); err != nil {
				t.Errorf("%s: %s: %v", name, what, err)
			}
			if emptyInside(back["key"]) {
				t.Errorf("%s: %s was stored as %v", name, what, back["key"])
			}
			if strings.Contains(what, "shy") {
				continue // it cannot decode itself
			}
			again := reflect.New(reflect.TypeOf(v))
			var whole map[string]any
			_ = codec.Decode(data, &whole)
			if one, err := codec.Encode(whole["key"]); err != nil {
				t.Errorf("%s: %s: %v", name, what, err)
			} else if err := codec.Decode(one, again.Interface()); err != nil {
				t.Errorf("%s: %s does not come back: %v", name, what, err)
			} else if got, err := roundTrip(codec, again.Elem().Interface()); err != nil || !pickle.Equal(got, whole["key"]) {
				t.Errorf("%s: %s came back as %v, %v", name, what, again.Elem(), err)
			}
		}
	}
}

func roundTrip(codec encode.Codec, v any) (back any, err error) {
	data, err := codec.Encode(v)
	if err != nil {
		return nil, err
	}
	err = codec.Decode(data, &back)
	return back, err
}

// emptyInside reports whether there is an empty map in a decoded value.
func emptyInside(v any) bool {
	switch v := v.(type) {
	case map[string]any:
		for _, elem := range v {
			if emptyInside(elem) {
				return true
			}
		}
		return len(v) == 0
	case []any:
		for _, elem := range v {
			if emptyInside(elem) {
				return true
			}
		}
	}
	return false
}
