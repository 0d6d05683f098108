package pickle_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/pyramidgo/redissessions/encode/pickle"
)

// mostAllocated is what a refusal may cost, in bytes. A genuine record of the
// greatest size allowed costs more.
const mostAllocated = 96 << 20

// refusedCheaply wants an error, and for little memory. Time needs no
// measuring: all there is to do is paid for from the same budget.
func refusedCheaply(t *testing.T, name string, data []byte, want error) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	var v any
	err := pickle.Unmarshal(data, &v)
	runtime.ReadMemStats(&after)
	if !errors.Is(err, want) {
		t.Errorf("%s: got %v, want %v", name, err, want)
	}
	if spent := after.TotalAlloc - before.TotalAlloc; spent > mostAllocated {
		t.Errorf("%s: allocated %d MB", name, spent>>20)
	}
	t.Logf("%s: %d bytes in, %d KB allocated, %v", name, len(data), (after.TotalAlloc-before.TotalAlloc)>>10, err)
}

func repeat(s string, n int) string { return strings.Repeat(s, n) }

// bigString puts a str of 1 MB on the stack and into the memo as entry 0.
func bigString(rest string) []byte {
	b := []byte("\x80\x02X")
	b = binary.LittleEndian.AppendUint32(b, 1<<20)
	b = append(b, bytes.Repeat([]byte{'x'}, 1<<20)...)
	return append(b, "q\x00"+rest...)
}

func TestBombs(t *testing.T) {
	for name, data := range map[string][]byte{
		"claim: BINUNICODE":        []byte("\x80\x02X\xff\xff\xff\x7f"),
		"claim: BINUNICODE8":       []byte("\x80\x04\x8d\xff\xff\xff\xff\xff\xff\xff\x7fabc."),
		"claim: BINBYTES8":         []byte("\x80\x04\x8e\xff\xff\xff\xff\xff\xff\xff\xffabc."),
		"claim: BYTEARRAY8":        []byte("\x80\x05\x96\xff\xff\xff\xff\xff\xff\x00\x00abc."),
		"claim: BINBYTES":          []byte("\x80\x03B\xff\xff\xff\xffabc."),
		"claim: BINSTRING":         []byte("T\xff\xff\xff\xffabc."),
		"claim: LONG4":             []byte("\x80\x02\x8b\xff\xff\xff\x7f."),
		"claim: FRAME":             []byte("\x80\x04\x95\xff\xff\xff\xff\xff\xff\xff\xffN."),
		"claim: memo index":        []byte("\x80\x02Nr\xff\xff\x03\x00."),
		"limit: memo LONG_BINPUT":  []byte("\x80\x02Nr\xff\xff\xff\xff."),
		"limit: memo PUT":          []byte("Np4294967295\n."),
		"limit: depth, lists":      []byte(repeat("]", 100000) + repeat("a", 99999) + "."),
		"limit: depth, tuples":     []byte("\x80\x02)" + repeat("\x85", 100000) + "."),
		"limit: depth, dicts":      []byte("\x80\x02" + repeat("}N", 50000) + "N" + repeat("s", 50000) + "."),
		"limit: depth, frozensets": []byte("\x80\x04" + repeat("(", 1000) + repeat("\x91", 1000) + "."),
		"limit: lists":             []byte(repeat("]", 4<<20-1) + "."),
		"limit: marks":             []byte(repeat("(", 4<<20-1) + "."),
		"limit: sets":              []byte("\x80\x04" + repeat("\x8f", 4<<20-3) + "."),
		"limit: gets":              []byte("\x80\x02Nq\x00" + repeat("h\x00", 1<<20) + "."),
		"limit: doubled lists":     doubled("](", "e"),
		"limit: doubled tuples":    doubled("", "\x86"),
		"limit: doubled in sets":   doubled("c__builtin__\nfrozenset\n](K\x01", "e\x85R"),
		"limit: tuple keys":        keyBomb(),
		"limit: sets of a list":    setBomb(),
		"limit: strings":           bigString("q\x01](" + repeat("h\x00", 100) + "e\x86."),
		"limit: encoded bytes":     bigString("](c_codecs\nencode\nq\x01" + repeat("h\x01h\x00X\x06\x00\x00\x00latin1\x86R", 100) + "e\x86."),
		"limit: INT":               []byte("I" + repeat("9", 1<<20) + "\n."),
		"limit: LONG":              []byte("L-" + repeat("9", 1<<20) + "L\n."),
		"limit: LONG4":             append(append([]byte("\x80\x02\x8b\x00\x00\x10\x00"), bytes.Repeat([]byte{0x7f}, 1<<20)...), '.'),
		"claim: FLOAT":             []byte("F" + repeat("9", 1<<20) + "\n."),
		"limit: Decimal":           []byte("cdecimal\nDecimal\n(V" + repeat("9", 1<<20) + "\ntR."),
		"claim: Decimal exponent":  []byte("cdecimal\nDecimal\n(V1E" + repeat("9", 19) + "\ntR."),
		"limit: input":             []byte("\x80\x02" + repeat("N", 5<<20) + "."),
	} {
		want := pickle.ErrLimit
		if strings.HasPrefix(name, "claim") {
			want = pickle.ErrMalformed
		}
		refusedCheaply(t, name, data, want)
	}
}

// doubled holds in each container the one before, twice: 2**40 leaves.
func doubled(open, close string) []byte {
	b := []byte("\x80\x02K\x01q\x00](")
	for i := range 40 {
		b = append(b, open...)
		b = append(b, 'h', byte(i), 'h', byte(i))
		b = append(b, close...)
		b = append(b, 'q', byte(i+1))
	}
	return append(b, "e\x86."...)
}

// keyBomb is a dict whose key is a tuple of 2**40 leaves.
func keyBomb() []byte {
	b := []byte("\x80\x02}K\x01q\x00")
	for i := range 40 {
		b = append(b, 'q', byte(i), 'h', byte(i), '\x86')
	}
	return append(b, "Ns."...)
}

// setBomb makes many sets of one long list, a dozen bytes each.
func setBomb() []byte {
	b := []byte("\x80\x02](" + repeat("K\x01", 100000) + "eq\x00c__builtin__\nset\nq\x01]q\x02(")
	for range 10000 {
		b = append(b, "h\x01h\x00\x85R"...)
	}
	return append(b, "e."...)
}

func TestLimitsAreOptions(t *testing.T) {
	list := make([]any, 100)
	data, err := pickle.Marshal(map[string]any{"list": list, "text": "hello"})
	if err != nil {
		t.Fatal(err)
	}
	var v any
	for _, limits := range []pickle.Limits{
		{Input: len(data) - 1}, {Depth: 1}, {Elements: 100}, {Bytes: 8},
	} {
		if err := (pickle.Decoder{Limits: limits}).Unmarshal(data, &v); !errors.Is(err, pickle.ErrLimit) {
			t.Errorf("reading within %+v: %v", limits, err)
		}
		if _, err := (pickle.Encoder{Limits: limits}).Marshal(map[string]any{"list": list, "text": "hello"}); !errors.Is(err, pickle.ErrLimit) {
			t.Errorf("writing within %+v: %v", limits, err)
		}
	}
	if err := (pickle.Decoder{Limits: pickle.Limits{Input: len(data), Depth: 2, Elements: 110, Bytes: 13}}).Unmarshal(data, &v); err != nil {
		t.Error(err)
	}
	if err := (pickle.Decoder{Limits: pickle.Limits{Memo: 1}}).Unmarshal([]byte("\x80\x02]q\x00]q\x01a."), &v); !errors.Is(err, pickle.ErrLimit) {
		t.Errorf("Memo: %v", err)
	}
	if err := (pickle.Decoder{Limits: pickle.Limits{IntDigits: 4}}).Unmarshal([]byte("I12345\n."), &v); !errors.Is(err, pickle.ErrLimit) {
		t.Errorf("IntDigits: %v", err)
	}
}

func TestClassErrorIsFitForALog(t *testing.T) {
	var v any
	name := "x\x1b[31m\r\n"[:6] + repeat("é", 5000)
	err := pickle.Unmarshal(fmt.Appendf(nil, "cmy.app\n%s\n.", name), &v)
	var class *pickle.ClassError
	if !errors.As(err, &class) {
		t.Fatal(err)
	}
	if len(class.Class) > 200 || strings.ContainsAny(err.Error(), "\x1b\r\né") || !strings.HasPrefix(class.Class, "my.app.x") {
		t.Errorf("got %q", class.Class)
	}
}
