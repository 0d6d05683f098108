package encodetest

import (
	"bytes"
	"fmt"
	"sort"
	"time"
)

// difference says where two decoded values differ, or "". Times are equal as
// instants, whatever their zone; everything else must have the same type.
func difference(want, got any) string {
	switch want := want.(type) {
	case map[string]any:
		got, ok := got.(map[string]any)
		if !ok {
			break
		}
		for _, key := range allKeys(want, got) {
			w, wanted := want[key]
			g, found := got[key]
			switch {
			case !found:
				return fmt.Sprintf("%q is missing", key)
			case !wanted:
				return fmt.Sprintf("%q was not there before", key)
			}
			if d := difference(w, g); d != "" {
				return fmt.Sprintf("%q: %s", key, d)
			}
		}
		return ""
	case []any:
		got, ok := got.([]any)
		if !ok || len(got) != len(want) {
			break
		}
		for i := range want {
			if d := difference(want[i], got[i]); d != "" {
				return fmt.Sprintf("[%d]: %s", i, d)
			}
		}
		return ""
	case []byte:
		if got, ok := got.([]byte); ok && bytes.Equal(want, got) {
			return ""
		}
	case time.Time:
		if got, ok := got.(time.Time); ok && want.Equal(got) {
			return ""
		}
	case nil, bool, string, int64, float64:
		switch got.(type) {
		case nil, bool, string, int64, float64:
			if want == got {
				return ""
			}
		}
	}
	return fmt.Sprintf("want %s, got %s", brief(want), brief(got))
}

// brief is a value and its type, cut to a line.
func brief(v any) string {
	const longest = 80
	s := fmt.Sprintf("%T(%v)", v, v)
	if len(s) > longest {
		s = s[:longest] + "..."
	}
	return s
}

func allKeys(a, b map[string]any) []string {
	var keys []string
	for key := range a {
		keys = append(keys, key)
	}
	for key := range b {
		if _, both := a[key]; !both {
			keys = append(keys, key)
		}
	}
	sort.Strings(keys)
	return keys
}
