package pickle_test

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pyramidgo/redissessions/encode/pickle"
)

// note is the notation of the vectors and of testdata/peer.py: what Python
// value a Go value stands for, sets and dicts in one order, floats by their
// bits. withFold is false where Python itself has lost it.
func note(t *testing.T, v any, withFold bool) any {
	t.Helper()
	m := func(pairs ...any) map[string]any {
		n := map[string]any{}
		for i := 0; i < len(pairs); i += 2 {
			n[pairs[i].(string)] = pairs[i+1]
		}
		return n
	}
	elems := func(elems []any) []any {
		notes := make([]any, 0, len(elems))
		for _, e := range elems {
			notes = append(notes, note(t, e, withFold))
		}
		return notes
	}
	items := func(items []pickle.Item) []any {
		notes := make([]any, 0, len(items))
		for _, i := range items {
			notes = append(notes, []any{note(t, i.Key, withFold), note(t, i.Value, withFold)})
		}
		return notes
	}
	timed := func(kind, iso string, fold int, zone *pickle.Zone) any {
		n := m("t", kind, "v", iso)
		if fold != 0 && withFold {
			n["fold"] = float64(1)
		}
		if zone != nil && zone.Name != "" {
			n["zone"] = zone.Name
		}
		return n
	}
	switch v := v.(type) {
	case nil:
		return m("t", "none")
	case bool:
		return m("t", "bool", "v", v)
	case int64:
		return m("t", "int", "v", strconv.FormatInt(v, 10))
	case *big.Int:
		if v.IsInt64() {
			t.Errorf("%v should be an int64", v)
		}
		return m("t", "int", "v", v.String())
	case float64:
		return m("t", "float", "v", floatBits(v))
	case string:
		return m("t", "str", "v", v)
	case pickle.Surrogates:
		return m("t", "str_surrogates", "utf8_surrogatepass_hex", hex.EncodeToString([]byte(v)))
	case []byte:
		return m("t", "bytes", "hex", hex.EncodeToString(v))
	case pickle.ByteArray:
		return m("t", "bytearray", "hex", hex.EncodeToString(v))
	case []any:
		return m("t", "list", "v", elems(v))
	case pickle.Tuple:
		return m("t", "tuple", "v", elems(v))
	case pickle.Set:
		return m("t", "set", "v", sorted(elems(v)))
	case pickle.FrozenSet:
		return m("t", "frozenset", "v", sorted(elems(v)))
	case map[string]any:
		var list []pickle.Item
		for k, x := range v {
			list = append(list, pickle.Item{Key: k, Value: x})
		}
		return m("t", "dict", "v", sorted(items(list)))
	case *pickle.Dict:
		return m("t", "dict", "v", sorted(items(v.Items)))
	case *pickle.OrderedDict:
		return m("t", "ordereddict", "v", items(v.Items))
	case time.Time:
		d := pickle.DateTimeOf(v)
		_, offset := v.Zone()
		d.Zone = &pickle.Zone{Offset: pickle.TimeDeltaOf(time.Duration(offset) * time.Second)}
		return timed("datetime", d.String(), 0, nil)
	case pickle.DateTime:
		return timed("datetime", v.String(), v.Fold, v.Zone)
	case pickle.Time:
		return timed("time", v.String(), v.Fold, v.Zone)
	case pickle.Date:
		return m("t", "date", "v", v.String())
	case pickle.TimeDelta:
		return m("t", "timedelta", "days", float64(v.Days), "seconds", float64(v.Seconds), "microseconds", float64(v.Microseconds))
	case pickle.Decimal:
		return m("t", "decimal", "v", string(v))
	case pickle.UUID:
		return m("t", "uuid", "v", v.String())
	}
	t.Fatalf("no notation for a %T", v)
	return nil
}

func floatBits(f float64) string {
	if f != f {
		return "nan"
	}
	return fmt.Sprintf("bits:%016x", math.Float64bits(f))
}

func sorted(notes []any) []any {
	if len(notes) < 2 {
		return notes
	}
	texts := make(map[string]any, len(notes))
	for _, n := range notes {
		texts[mustJSON(n)] = n
	}
	if len(texts) == len(notes) {
		for i, text := range slices.Sorted(maps.Keys(texts)) {
			notes[i] = texts[text]
		}
		return notes
	}
	// Several NaNs, which are equal in the notation only.
	slices.SortStableFunc(notes, func(a, b any) int { return strings.Compare(mustJSON(a), mustJSON(b)) })
	return notes
}

func mustJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// parseNote reads a notation from JSON, of the vectors or of Python.
func parseNote(t *testing.T, text []byte) any {
	t.Helper()
	var n any
	if err := json.Unmarshal(text, &n); err != nil {
		t.Fatal(err)
	}
	return canonicalNote(n)
}

func canonicalNote(n any) any {
	switch n := n.(type) {
	case []any:
		for i := range n {
			n[i] = canonicalNote(n[i])
		}
		return n
	case map[string]any:
		for k, v := range n {
			if k == "v" {
				n[k] = canonicalNote(v)
			}
		}
		switch n["t"] {
		case "set", "frozenset", "dict":
			sorted(n["v"].([]any))
		case "float":
			if text := n["v"].(string); !strings.HasPrefix(text, "bits:") {
				if f, err := strconv.ParseFloat(text, 64); err == nil {
					n["v"] = floatBits(f)
				}
			}
		}
	}
	return n
}
