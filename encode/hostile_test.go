//go:build !race

package encode_test

import (
	"encoding/binary"
	"strings"
	"testing"

	"github.com/pyramidgo/redissessions/encode"
)

// hostileSize is the size of the record that is tried: the default of
// max_record_bytes.
const hostileSize = 1 << 20

// allowed is how much a decoder may allocate for a record of hostileSize, garbage
// included.
const allowed = 48 << 20

// records makes records of n elements.
type records func(n int) []byte

// counted makes a container of n elements behind a head that says how many.
func counted(code byte, element string) records {
	return func(n int) []byte {
		return append(binary.BigEndian.AppendUint32([]byte{code}, uint32(n)), strings.Repeat(element, n)...)
	}
}

// distinct makes a map of n keys.
func distinct(code byte, key func(i int) string) records {
	return func(n int) []byte {
		data := binary.BigEndian.AppendUint32([]byte{code}, uint32(n))
		for i := range n {
			data = append(data, key(i)...)
		}
		return data
	}
}

// chunks is counted in two levels, a thousand in each chunk.
func chunks(code byte, element string) records {
	return counted(code, string(counted(code, element)(1000)))
}

func jsonList(element string) records {
	return func(n int) []byte { return []byte("[" + strings.Repeat(element+",", n) + "0]") }
}

// pickled is a pickle of a list of what the opcodes push.
func pickled(opcodes string) records { return pickledAfter("", opcodes) }

// pickledAfter is pickled with opcodes before those that are repeated.
func pickledAfter(first, opcodes string) records {
	return func(n int) []byte { return []byte("\x80\x04](" + first + strings.Repeat(opcodes, n) + "e.") }
}

func textOf(i int) string {
	return string([]byte{byte('0' + i>>12&63), byte('0' + i>>6&63), byte('0' + i&63)})
}

func bigEndian(i int) string { return string(binary.BigEndian.AppendUint32(nil, uint32(i))) }

func hostile() map[string]map[string]records {
	const cborList, cborMap, msgpackList, msgpackMap = 0x9a, 0xba, 0xdd, 0xdf
	sixty := strings.Repeat
	return map[string]map[string]records{
		"cbor": {
			"nils": counted(cborList, "\xf6"), "numbers": counted(cborList, "\x19\xff\xff"), "floats": counted(cborList, "\xf9\x3c\x00"),
			"empty lists": counted(cborList, "\x80"), "lists of one": counted(cborList, "\x81\x00"), "empty maps": counted(cborList, "\xa0"),
			"maps of one": counted(cborList, "\xa1\x60\x00"), "maps by number": counted(cborList, "\xa1\x00\x00"),
			"maps of two": counted(cborList, "\xa2\x61a\x00\x61b\x00"), "maps of nine": counted(cborList, "\xa9\x00\x00\x01\x00\x02\x00\x03\x00\x04\x00\x05\x00\x06\x00\x07\x00\x08\x00"),
			"nested": counted(cborList, sixty("\x81", 60)+"\x00"), "nested maps": counted(cborList, sixty("\xa1\x60", 60)+"\x00"),
			"big numbers": counted(cborList, "\xc2\x41\x01"), "texts": counted(cborList, "\x61x"), "bytes": counted(cborList, "\x40"),
			"times": counted(cborList, "\xc0\x74"+"2024-01-01T00:00:00Z"), "chunks of maps": chunks(cborList, "\xa1\x60\x00"), "chunks": chunks(cborList, "\x00"),
			"keys":          distinct(cborMap, func(i int) string { return "\x1a" + bigEndian(i|1<<20) + "\x00" }),
			"texts as keys": distinct(cborMap, func(i int) string { return "\x63" + textOf(i) + "\xf6" }),
			"mixed keys":    distinct(cborMap, func(i int) string { return []string{"\x63" + textOf(i), "\x1a" + bigEndian(i|1<<20)}[i%2] + "\xa0" }),
		},
		"msgpack": {
			"nils": counted(msgpackList, "\xc0"), "numbers": counted(msgpackList, "\xcd\xff\xff"), "floats": counted(msgpackList, "\xca\x00\x00\x00\x01"),
			"empty lists": counted(msgpackList, "\x90"), "lists of one": counted(msgpackList, "\x91\x00"), "empty maps": counted(msgpackList, "\x80"),
			"maps of one": counted(msgpackList, "\x81\xa0\x00"), "maps by number": counted(msgpackList, "\x81\x00\x00"),
			"maps of two": counted(msgpackList, "\x82\xa1a\x00\xa1b\x00"), "maps of nine": counted(msgpackList, "\x89\x00\x00\x01\x00\x02\x00\x03\x00\x04\x00\x05\x00\x06\x00\x07\x00\x08\x00"),
			"nested": counted(msgpackList, sixty("\x91", 60)+"\x00"), "nested maps": counted(msgpackList, sixty("\x81\xa0", 60)+"\x00"),
			"texts": counted(msgpackList, "\xa1x"), "bytes": counted(msgpackList, "\xc4\x00"), "times": counted(msgpackList, "\xd6\xff\x00\x00\x00\x01"),
			"chunks of maps": chunks(msgpackList, "\x81\xa0\x00"), "chunks": chunks(msgpackList, "\x00"),
			"keys":          distinct(msgpackMap, func(i int) string { return "\xce" + bigEndian(i) + "\x00" }),
			"texts as keys": distinct(msgpackMap, func(i int) string { return "\xa3" + textOf(i) + "\xc0" }),
			"mixed keys":    distinct(msgpackMap, func(i int) string { return []string{"\xa3" + textOf(i), "\xce" + bigEndian(i)}[i%2] + "\x80" }),
		},
		"json": {
			"numbers": jsonList("0"), "large numbers": jsonList("70000"), "nils": jsonList("null"), "empty lists": jsonList("[]"), "lists of one": jsonList("[0]"),
			"empty maps": jsonList("{}"), "maps of one": jsonList(`{"":0}`), "maps of two": jsonList(`{"a":0,"b":1}`),
			"maps of nine": jsonList(`{"a":0,"b":1,"c":0,"d":0,"e":0,"f":0,"g":0,"h":0,"i":0}`), "texts": jsonList(`""`), "escapes": jsonList(`"\n"`),
			"nested": jsonList(sixty("[", 60) + sixty("]", 60)), "nested maps": jsonList(sixty(`{"":`, 60) + "0" + sixty("}", 60)),
			"big numbers": jsonList("9223372036854775808"), "digits": jsonList(strings.Repeat("9", 4300)),
		},
		"pickle": {
			"nils": pickled("N"), "empty lists": pickled("]"), "empty dicts": pickled("}"), "lists of one": pickled("]Na"),
			"dicts of one": pickled("}\x8c\x00Ns"), "dicts by number": pickled("}K\x00Ns"), "tuples": pickled(")"), "tuples of one": pickled("N\x85"), "sets": pickled("\x8f"),
			"one list many times": pickledAfter("]Na\x94", "h\x00"), "one dict many times": pickledAfter("}\x8c\x00Ns\x94", "h\x00"), "one dict by number many times": pickledAfter("}K\x00Ns\x94", "h\x00"),
			"memo": pickled("N\x94"), "marks": pickled("("), "texts": pickled("\x8c\x01x"), "numbers": pickled("M\xff\xff"), "floats": pickled("G\x00\x00\x00\x00\x00\x00\x00\x01"),
			"big numbers": pickled("\x8a\x09\x00\x00\x00\x00\x00\x00\x00\x00\x01"), "dates": pickled("cdatetime\ndate\nC\x04\x07\xe8\x01\x01\x85R"),
			"decimals": pickled("cdecimal\nDecimal\n\x8c\x011\x85R"), "ordered dicts": pickled("ccollections\nOrderedDict\n)R"),
			"nested": pickled("]]]]]]]]]]]]]]]]aaaaaaaaaaaaaaa"), "sets of one": pickled("\x8f(N\x90"), "frozensets": pickled("(N\x91"),
		},
	}
}

// largest returns about the largest number of elements of which a record within
// hostileSize is decoded.
func largest(t *testing.T, codec encode.Codec, make records) int {
	t.Helper()
	low, high := 0, min(encode.MaxElements, hostileSize/(len(make(2))-len(make(1))))
	for high-low > 1+high/16 {
		middle := (low + high) / 2
		data := make(middle)
		var tree any
		if len(data) <= hostileSize && codec.Decode(data, &tree) == nil {
			low = middle
		} else {
			high = middle
		}
	}
	return low
}

// What a record costs in memory is bounded, whatever it holds and whatever it is
// decoded into. One goroutine decodes all of them, so that the race detector has nothing to
// find here and would only make it ten times slower: make test runs it without.
func TestHostileRecordsAreCheap(t *testing.T) {
	type wide struct {
		A [16]int64
		M map[string]any
	}
	for name, all := range hostile() {
		codec := allCodecs()[name]
		for what, make := range all {
			n := largest(t, codec, make)
			if n == 0 && what != "marks" {
				t.Errorf("%s: %s: none is decoded", name, what)
			}
			// About the largest that is decoded, and all that there is room for.
			for _, data := range [][]byte{make(n), make(hostileSize / (len(make(2)) - len(make(1))))} {
				for _, target := range []any{new(any), new([]wide), new(map[string]string)} {
					var err error
					cost := allocated(func() { err = codec.Decode(data, target) })
					if cost > allowed {
						t.Errorf("%s: %s into a %T: %d MiB allocated, %v", name, what, target, cost>>20, err)
					}
					if testing.Verbose() {
						t.Logf("%s: %s into a %T: %.1f MiB, %v", name, what, target, float64(cost)/(1<<20), err)
					}
				}
			}
		}
	}
}
