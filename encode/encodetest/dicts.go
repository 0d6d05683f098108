package encodetest

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// The dicts that must survive. Each is in the form in which it must come
// back.
var (
	texts = map[string]any{
		"empty": "", "ascii": "hello", "control": "a\x00\t\n\r\x1f\x7f", "quotes": "\"\\/'`",
		"accents": "naïve", "greek": "Ελλάδα", "hebrew": "שלום", "chinese": "会话", "emoji": "🧪👩‍🔬",
		"html": "<script>&amp;</script>", "separators": "\u2028\u2029", "replacement": "\ufffd", "bom": "\ufeffx",
	}

	oddKeys = map[string]any{
		"": "empty", " ": "space", "a.b": "dot", "_f_": "flash", "_csrft_": "csrf", "\x00": "nul", "\n": "line",
		"ключ": "cyrillic", "🔑": "emoji", "__proto__": "reserved", "1": "digit", "null": "word", "\"": "quote",
	}

	integers = map[string]any{
		"zero": int64(0), "one": int64(1), "minus": int64(-1), "byte": int64(255), "int8": int64(-129),
		"word": int64(65536), "int32": int64(math.MinInt32 - 1), "uint32": int64(math.MaxUint32 + 1),
		"exact": int64(1<<53 + 1), "max": int64(math.MaxInt64), "min": int64(math.MinInt64),
	}

	floats = map[string]any{
		"half": 0.5, "tenth": 0.1, "minus": -2.25, "pi": math.Pi, "tiny": math.SmallestNonzeroFloat64,
		"huge": math.MaxFloat64, "third": 1.0 / 3,
	}

	wholeFloats = map[string]any{
		"zero": 0.0, "three": 3.0, "minus": -1.0, "million": 1e6, "exact": float64(1 << 53), "e20": 1e20, "e21": 1e21,
		"e300": 1e300,
	}

	bytesDict = map[string]any{
		"empty": []byte{}, "zero": []byte{0}, "binary": []byte{0xff, 0xfe, 0x00, 0x80}, "text": []byte("text"),
	}

	times = map[string]any{
		"epoch": time.Unix(0, 0).UTC(), "nanosecond": time.Date(2024, 2, 29, 23, 59, 59, 123456789, time.UTC),
		"before": time.Date(1901, 1, 1, 0, 0, 0, 1, time.UTC), "after": time.Date(2999, 12, 31, 0, 0, 0, 0, time.UTC),
		"offset": time.Date(2024, 6, 1, 12, 0, 0, 5, time.FixedZone("", 5*3600+30*60)),
		"second": time.Date(1930, 6, 1, 12, 0, 0, 0, time.FixedZone("Amsterdam", 1172)),
	}

	lists = map[string]any{
		"empty": []any{}, "one": []any{"x"}, "mixed": []any{nil, true, int64(7), 1.5, "x", []any{}},
		"twenty": []any{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p", "q", "r", "s", "t"},
	}
)

// nested is a dict as sessions have it, and a chain of 32 maps and lists.
func nested() map[string]any {
	var chain any = "end"
	for range 16 {
		chain = map[string]any{"next": []any{chain}}
	}
	return map[string]any{
		"user":  map[string]any{"id": int64(42), "name": "Ada", "roles": []any{"admin", "editor"}, "none": map[string]any{}},
		"cart":  []any{map[string]any{"sku": "A-1", "count": int64(2)}, map[string]any{"sku": "B-2", "count": int64(1)}},
		"chain": chain,
	}
}

func large() map[string]any {
	dict := map[string]any{"text": strings.Repeat("0123456789", 10_000)}
	for i := range 1000 {
		dict[fmt.Sprintf("key-%04d", i)] = int64(i)
	}
	return dict
}

// sample is a dict of what every format has: no bytes, no times.
func sample() map[string]any {
	return map[string]any{
		"name": "Ada Lovelace", "city": "Zürich", "admin": true, "nothing": nil,
		"visits": int64(1234), "score": 99.5, "roles": []any{"admin", "editor"},
		"address": map[string]any{"street": "Main Street", "number": int64(5)},
	}
}
