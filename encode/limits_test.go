package encode_test

import (
	"bytes"
	"encoding/hex"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/pyramidgo/redissessions/encode"
)

func nestedLists(depth int) any {
	var v any = []any{}
	for range depth - 1 {
		v = []any{v}
	}
	return v
}

func TestDepthLimitIsTheSameBothWays(t *testing.T) {
	bombs := map[string]func(depth int) []byte{
		"cbor":    func(n int) []byte { return append(bytes.Repeat([]byte{0x81}, n-1), 0x80) },
		"json":    func(n int) []byte { return []byte(strings.Repeat("[", n) + strings.Repeat("]", n)) },
		"msgpack": func(n int) []byte { return append(bytes.Repeat([]byte{0x91}, n-1), 0x90) },
	}
	for name, codec := range builtin() {
		for _, depth := range []int{encode.MaxDepth, encode.MaxDepth + 1, 1_000_000} {
			wanted := depth <= encode.MaxDepth
			if data, err := codec.Encode(nestedLists(depth)); (err == nil) != wanted {
				t.Errorf("%s: encoding %d levels: %d bytes, %v", name, depth, len(data), err)
			}
			for _, target := range []any{new(any), new([]any), new([][][]any)} {
				if err := codec.Decode(bombs[name](depth), target); (err == nil) != wanted {
					t.Errorf("%s: decoding %d levels into %T: %v", name, depth, target, err)
				}
			}
		}
	}
}

// TestClaimsAreNotBelieved gives each decoder a few bytes that claim to be
// gigabytes.
func TestClaimsAreNotBelieved(t *testing.T) {
	type wide struct{ A [1024]int64 }
	for name, claims := range map[string][]string{
		"cbor": {"9b7fffffffffffffff", "9a7fffffff", "bb7fffffffffffffff", "ba7fffffff00", "5b7fffffffffffffff", "7a7fffffff61",
			"9bffffffffffffffff", "bbffffffffffffffff", "c25b7fffffffffffffff", "a1617a9a7fffffff", "9a000fffff"},
		"msgpack": {"dd7fffffff", "ddffffffff01", "df7fffffff", "dfffffffffa161", "c67fffffff", "dbffffffff61", "c9ffffffff01",
			"81a17add7fffffff", "dd000fffff"},
		"json": {strings.Repeat("5b", 60)},
	} {
		codec := builtin()[name]
		for _, claim := range claims {
			data, err := hex.DecodeString(claim)
			if err != nil {
				t.Fatal(err)
			}
			for _, target := range []any{new(any), new(map[string]any), new([]wide), new([]string), new([]byte), new(string),
				new(map[string]string), new(map[int]wide), new(wide)} {
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				if err := codec.Decode(data, target); err == nil {
					t.Errorf("%s: %s was accepted into a %T", name, claim, target)
				}
				runtime.ReadMemStats(&after)
				if n := after.TotalAlloc - before.TotalAlloc; n > 1<<20 {
					t.Errorf("%s: %s into a %T: %d bytes allocated", name, claim, target, n)
				}
			}
		}
	}
}

func TestRefusedData(t *testing.T) {
	for name, cases := range map[string]map[string]string{
		"cbor": {
			"duplicate key": "a2616101616102", "indefinite list": "9f01ff", "indefinite text": "7f6161ff", "unknown tag": "d9d9f700",
			"tag in tag": "c0c00a", "simple value": "e0", "simple byte": "f8ff", "invalid UTF-8": "61ff", "list as key": "a18001",
			"bytes as key": "a1416101", "time as number": "c100", "time as key": "a1c074323032342d30312d30315430303a30303a30305a01", "reserved": "1c", "break": "ff", "tag of a list": "c280",
			"time of bytes": "c04161", "bad time": "c06161", "number of text": "c26161",
		},
		"msgpack": {
			"never used": "c1", "unknown extension": "d40100", "extension as a time": "c70cfe000000000000000000000000", "invalid UTF-8": "a1ff",
			"list as key": "819001", "bytes as key": "81c4016101", "time as key": "81d6ff0000000001", "nanoseconds": "d7ffffffffff00000000",
			"empty extension": "c700ff",
		},
		"json": {
			"invalid UTF-8": hex.EncodeToString([]byte("\"\xff\"")), "lone surrogate": hex.EncodeToString([]byte(`"\ud800"`)),
			"surrogates the wrong way": hex.EncodeToString([]byte(`"\udc00\ud800"`)), "NaN": hex.EncodeToString([]byte("NaN")),
			"large float": hex.EncodeToString([]byte("1e999")), "many digits": hex.EncodeToString([]byte(strings.Repeat("9", 5000))),
			"digits in a list": hex.EncodeToString([]byte("[" + strings.Repeat("9", 5000) + "]")),
			"comment":          hex.EncodeToString([]byte("1 // x")), "open text": hex.EncodeToString([]byte(`"a`)), "leading zero": hex.EncodeToString([]byte("01")),
		},
	} {
		for what, text := range cases {
			data, err := hex.DecodeString(text)
			if err != nil {
				t.Fatal(err)
			}
			var tree any = "before"
			if err := builtin()[name].Decode(data, &tree); err == nil {
				t.Errorf("%s: %s was accepted as %#v", name, what, tree)
			} else if tree != "before" {
				t.Errorf("%s: %s: the target was changed in spite of the error", name, what)
			} else if !strings.HasPrefix(err.Error(), "encode: "+name+": decoding: ") || len(err.Error()) > 200 {
				t.Errorf("%s: %s: %v", name, what, err)
			}
		}
	}
}

// What the encoders write can be decoded, up to the limit.
func TestLimitsAreTheSameBothWays(t *testing.T) {
	type row struct {
		A int `json:"a"`
		B map[string]int
	}
	const many = encode.MaxElements + 10
	maps, rows, keys := make([]any, many), make([]row, many), map[string]any{}
	for i := range many {
		maps[i] = map[string]any{"a": []any{}}
		rows[i].B = map[string]int{"x": i}
		if i < 60_000 {
			keys[strconv.Itoa(i)] = i
		}
	}
	nils, ints := make([]any, many), make([]int, many)
	for name, codec := range allCodecs() {
		if _, err := roundTrip(codec, map[string]any{"data": keys}); err != nil {
			t.Errorf("%s: 60,000 keys: %v", name, err)
		}
		for what, value := range map[string]func(n int) any{
			"nils": func(n int) any { return nils[:n] }, "ints": func(n int) any { return ints[:n] },
			"maps": func(n int) any { return maps[:n] }, "structs": func(n int) any { return rows[:n] },
		} {
			// The largest number that is encoded is found by halving.
			low, high := 0, many
			var data []byte
			for high-low > 1 {
				middle := (low + high) / 2
				if encoded, err := codec.Encode(value(middle)); err == nil {
					low, data = middle, encoded
				} else {
					high = middle
				}
			}
			var back any
			if err := codec.Decode(data, &back); err != nil {
				t.Errorf("%s: %d %s were encoded and cannot be decoded: %v", name, low, what, err)
			}
			if low < 4000 {
				t.Errorf("%s: only %d %s can be encoded", name, low, what)
			}
		}
	}
}

// allocated returns how many bytes f allocates.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}
