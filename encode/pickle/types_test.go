package pickle_test

import (
	"math"
	"testing"
	"time"

	"github.com/pyramidgo/redissessions/encode/pickle"
)

func TestDictKeysAreEqualAsInPython(t *testing.T) {
	var d pickle.Dict
	for _, k := range []any{1, int64(1), true, 1.0, uint8(1)} {
		d.Set(k, k)
	}
	if d.Len() != 1 || d.Items[0].Value != uint8(1) {
		t.Errorf("1, true and 1.0 are not one key: %v", d.Items)
	}
	for _, k := range []any{"1", []byte("1"), pickle.Tuple{1}, pickle.FrozenSet{1, 2}, nil, 1.5, pickle.Decimal("1")} {
		d.Set(k, k)
	}
	if d.Len() != 8 {
		t.Errorf("got %d keys, want 8", d.Len())
	}
	if _, ok := d.Get(pickle.FrozenSet{2, 1}); !ok {
		t.Error("a frozenset has an order")
	}
	if _, ok := d.Get(pickle.Tuple{"1"}); ok {
		t.Error("('1',) is (1,)")
	}
	if _, ok := d.Get([]any{}); ok {
		t.Error("a list is a key")
	}
	var o pickle.OrderedDict
	o.Set("b", 1)
	o.Set("a", 2)
	o.Set("b", 3)
	if v, ok := o.Get("b"); !ok || v != 3 || o.Len() != 2 || o.Items[0].Key != "b" {
		t.Errorf("got %v", o.Items)
	}
}

func TestTimes(t *testing.T) {
	z := &pickle.Zone{Offset: pickle.TimeDelta{Days: -1, Seconds: 86400 - 5*3600 - 30*60 - 1}, Name: "X"}
	d := pickle.DateTime{Year: 2024, Month: 2, Day: 29, Hour: 23, Minute: 5, Second: 6, Microsecond: 70, Zone: z}
	if got, want := d.String(), "2024-02-29T23:05:06.000070-05:30:01"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := d.In(time.UTC).UTC(), time.Date(2024, 3, 1, 4, 35, 7, 70000, time.UTC); !got.Equal(want) {
		t.Errorf("got %v, want %v", got, want)
	}
	berlin := time.FixedZone("CET", 3600)
	naive := pickle.DateTimeOf(time.Date(2024, 1, 1, 0, 30, 0, 0, berlin))
	if got := naive.In(berlin); !got.Equal(time.Date(2023, 12, 31, 23, 30, 0, 0, time.UTC)) {
		t.Errorf("got %v", got)
	}
	for _, want := range []time.Duration{0, -1000, time.Hour, -36 * time.Hour, math.MaxInt64 / 1000 * 1000} {
		if got, ok := pickle.TimeDeltaOf(want).Duration(); got != want || !ok {
			t.Errorf("%v became %v, %v", want, got, ok)
		}
	}
	for _, days := range []int{106752, -106752, 999999999, -999999999} {
		if got, ok := (pickle.TimeDelta{Days: days}).Duration(); ok {
			t.Errorf("%d days are %v", days, got)
		}
	}
	if got, ok := (pickle.TimeDelta{Days: 106751, Seconds: 86399}).Duration(); ok {
		t.Errorf("more than a Duration is %v", got)
	}
}

func TestUUIDString(t *testing.T) {
	u := pickle.UUID{0x12, 0x34, 0x56, 0x78, 0x12, 0x34, 0x56, 0x78, 0x12, 0x34, 0x56, 0x78, 0x12, 0x34, 0x56, 0x78}
	if got := u.String(); got != "12345678-1234-5678-1234-567812345678" {
		t.Errorf("got %s", got)
	}
}

func TestParseStringRefuses(t *testing.T) {
	const good = "\x80\x04\x95\x07\x00\x00\x00\x00\x00\x00\x00\x8c\x03abc\x94."
	if s, err := pickle.ParseString([]byte(good)); s != "abc" || err != nil {
		t.Fatal(s, err)
	}
	for i := range len(good) {
		if s, err := pickle.ParseString([]byte(good[:i])); err == nil {
			t.Errorf("%q: read as %q", good[:i], s)
		}
		if i < 12 || i > 15 {
			damaged := []byte(good)
			damaged[i] ^= 2
			if s, err := pickle.ParseString(damaged); err == nil {
				t.Errorf("%q: read as %q", damaged, s)
			}
		}
	}
	for _, data := range []string{
		"", "\x80", "\x80\x02", "\x80\x02X", "N.", "Vabc\n.", "\x80\x02N.",
		"\x80\x02X\x03\x00\x00\x00abcq\x00..", "\x80\x02X\x03\x00\x00\x00abcq\x01.", "\x80\x02X\x00\x00\x00\x00q\x00.",
		"\x80\x03X\x03\x00\x00\x00abc.", "\x80\x03U\x03abcq\x01.", "\x80\x02U\x03ab\xffq\x01.", "\x80\x02U\x03abcq\x00.",
		"\x80\x04\x8c\x03abc\x94.", good + ".", "\x80\x06" + good[2:], "\x80\x05\x95\x0a\x00\x00\x00\x00\x00\x00\x00X\x03\x00\x00\x00abc\x94.",
		"\x80\x02X\x03\x00\x00\x00\xed\xa0\x80q\x00.", "\x80\x02X\xff\xff\xff\xffabcq\x00.",
	} {
		if s, err := pickle.ParseString([]byte(data)); err == nil {
			t.Errorf("%q: read as %q", data, s)
		}
	}
}
