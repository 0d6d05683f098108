package encode

import (
	"time"

	"github.com/fxamacker/cbor/v2"
)

// cborZeroTime is the zero time as tag 0, which the library would write as
// null: decoded without a type, null is nil and no longer a time.
var cborZeroTime = cbor.RawMessage("\xc0\x740001-01-01T00:00:00Z")

// writeZeroTimes returns a copy of v whose zero times are written as times.
func writeZeroTimes(v any) any {
	switch v := v.(type) {
	case time.Time:
		if v.IsZero() {
			return cborZeroTime
		}
	case map[string]any:
		if v == nil {
			return v
		}
		out := make(map[string]any, len(v))
		for key, elem := range v {
			out[key] = writeZeroTimes(elem)
		}
		return out
	case map[any]any:
		if v == nil {
			return v
		}
		out := make(map[any]any, len(v))
		for key, elem := range v {
			out[key] = writeZeroTimes(elem)
		}
		return out
	case []any:
		if v == nil {
			return v
		}
		out := make([]any, len(v))
		for i, elem := range v {
			out[i] = writeZeroTimes(elem)
		}
		return out
	}
	return v
}
