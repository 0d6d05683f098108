package pickle

import (
	"encoding/hex"
	"unicode/utf8"
)

// Tuple is a Python tuple. Python can use one as a dict key, unlike a list.
type Tuple []any

// Set is a Python set, in no particular order.
type Set []any

// FrozenSet is a Python frozenset, in no particular order.
type FrozenSet []any

// ByteArray is a Python bytearray. []byte is bytes.
type ByteArray []byte

// Surrogates is a Python str that holds lone surrogates, which is not text and
// has no UTF-8. The bytes are those of Python's "surrogatepass" error handler:
// a surrogate takes three bytes, as if it were a character.
type Surrogates string

// Decimal is a Python decimal.Decimal as its str() gives it: "1.10", "-1E+5",
// "NaN". Trailing zeros and the kind of NaN are kept.
type Decimal string

// UUID is a Python uuid.UUID, most significant byte first.
type UUID [16]byte

// String is the usual form in five groups.
func (u UUID) String() string {
	var b [36]byte
	hex.Encode(b[0:8], u[0:4])
	hex.Encode(b[9:13], u[4:6])
	hex.Encode(b[14:18], u[6:8])
	hex.Encode(b[19:23], u[8:10])
	hex.Encode(b[24:36], u[10:16])
	b[8], b[13], b[18], b[23] = '-', '-', '-', '-'
	return string(b[:])
}

// Item is one entry of a [Dict] or an [OrderedDict].
type Item struct{ Key, Value any }

// Dict is a Python dict that map[string]any cannot hold, because some key is
// not a string. The items keep Python's order.
type Dict struct{ Items []Item }

// OrderedDict is a Python collections.OrderedDict.
type OrderedDict struct{ Items []Item }

// Get returns the value at key. Keys are equal when Python says so: int64(1),
// 1, 1.0 and true are one key. It looks at one item after the other.
func (d *Dict) Get(key any) (any, bool) { return getItem(d.Items, key) }

// Set replaces the value at key, or appends it.
func (d *Dict) Set(key, value any) { d.Items = setItem(d.Items, key, value) }

// Len is the number of items.
func (d *Dict) Len() int { return len(d.Items) }

// Get returns the value at key, as [Dict.Get] does.
func (d *OrderedDict) Get(key any) (any, bool) { return getItem(d.Items, key) }

// Set replaces the value at key, or appends it.
func (d *OrderedDict) Set(key, value any) { d.Items = setItem(d.Items, key, value) }

// Len is the number of items.
func (d *OrderedDict) Len() int { return len(d.Items) }

func getItem(items []Item, key any) (any, bool) {
	if i := indexItem(items, key); i >= 0 {
		return items[i].Value, true
	}
	return nil, false
}

func setItem(items []Item, key, value any) []Item {
	if i := indexItem(items, key); i >= 0 {
		items[i].Value = value
		return items
	}
	return append(items, Item{key, value})
}

func indexItem(items []Item, key any) int {
	want, err := keyOf(key)
	if err != nil {
		return -1
	}
	for i := range items {
		if have, err := keyOf(items[i].Key); err == nil && have == want {
			return i
		}
	}
	return -1
}

// text makes a Go value of the UTF-8 that Python writes for a str: string
// where it is text, Surrogates where it has lone surrogates.
func text(b []byte) (any, error) {
	if utf8.Valid(b) {
		return string(b), nil
	}
	if !validSurrogates(b) {
		return nil, malformed("a str is not UTF-8")
	}
	return Surrogates(b), nil
}

// validSurrogates reports whether b is UTF-8 but for surrogates, which are
// encoded like other characters of three bytes: ED A0..BF 80..BF.
func validSurrogates[T ~string | ~[]byte](b T) bool {
	for i := 0; i < len(b); {
		if i+2 < len(b) && b[i] == 0xed && b[i+1] >= 0xa0 && b[i+1] <= 0xbf && b[i+2] >= 0x80 && b[i+2] <= 0xbf {
			i += 3
			continue
		}
		r, n := utf8.DecodeRuneInString(string(b[i:min(i+utf8.UTFMax, len(b))]))
		if r == utf8.RuneError && n <= 1 {
			return false
		}
		i += n
	}
	return true
}
