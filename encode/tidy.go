package encode

import (
	"encoding/json"
	"math"
	"math/big"
	"time"
)

// tidy returns a decoded tree with the types that the package promises,
// whatever types the library chose. It changes lists and maps in place.
func tidy(v any) (any, error) {
	switch v := v.(type) {
	case map[string]any:
		for key, elem := range v {
			t, err := tidy(elem)
			if err != nil {
				return nil, err
			}
			v[key] = t
		}
	case []any:
		for i, elem := range v {
			t, err := tidy(elem)
			if err != nil {
				return nil, err
			}
			v[i] = t
		}
	case map[any]any:
		return tidyMixed(v)
	case json.Number:
		return number(string(v))
	case time.Time:
		return v.UTC(), nil
	case *big.Int:
		if v.IsInt64() {
			return v.Int64(), nil
		}
	case int8:
		return int64(v), nil
	case int16:
		return int64(v), nil
	case int32:
		return int64(v), nil
	case uint8:
		return int64(v), nil
	case uint16:
		return int64(v), nil
	case uint32:
		return int64(v), nil
	case uint64:
		if v <= math.MaxInt64 {
			return int64(v), nil
		}
	case float32:
		return float64(v), nil
	}
	return v, nil
}

// tidyMixed is tidy for a map whose keys need not be text, and makes it a
// map[string]any where all of them are.
func tidyMixed(m map[any]any) (any, error) {
	texts := make(map[string]any, len(m))
	mixed := make(map[any]any)
	for key, elem := range m {
		k, err := tidy(key)
		if err != nil {
			return nil, err
		}
		t, err := tidy(elem)
		if err != nil {
			return nil, err
		}
		if text, ok := k.(string); ok && len(mixed) == 0 {
			texts[text] = t
			continue
		}
		mixed[k] = t
	}
	if len(mixed) == 0 {
		return texts, nil
	}
	for key, elem := range texts {
		mixed[key] = elem
	}
	return mixed, nil
}
