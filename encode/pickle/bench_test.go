package pickle_test

import (
	"strings"
	"testing"

	"github.com/pyramidgo/redissessions/encode/pickle"
)

// benchSession is a session of ten keys and about 1 KB.
func benchSession() map[string]any {
	return map[string]any{
		"managed_dict": map[string]any{
			"user_id": int64(123456), "name": "Ada Lovelace", "roles": []any{"admin", "editor", "viewer"},
			"_csrft_": strings.Repeat("0123456789abcdef", 4), "_f_": []any{"Saved.", "Mail sent."}, "locale": "en_GB",
			"cart":  []any{map[string]any{"sku": "A-1", "count": int64(2)}, map[string]any{"sku": "B-2", "count": int64(1)}},
			"score": 99.5, "notes": strings.Repeat("x", 600), "admin": true,
		},
		"created": 1700000000.25, "timeout": int64(1200),
	}
}

func BenchmarkMarshal(b *testing.B) {
	session := benchSession()
	b.ReportAllocs()
	for b.Loop() {
		data, err := pickle.Marshal(session)
		if err != nil {
			b.Fatal(err)
		}
		b.SetBytes(int64(len(data)))
	}
}

func BenchmarkUnmarshal(b *testing.B) {
	data, err := pickle.Marshal(benchSession())
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		var session map[string]any
		if err := pickle.Unmarshal(data, &session); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkUnmarshalPython reads small records as Python 3 pickles them, with a
// memo.
func BenchmarkUnmarshalPython(b *testing.B) {
	var file payloadFile
	readVectors(b, "payloads.json", &file)
	for _, p := range file.Scenarios {
		if p.Name != "flash_queues" || p.Serializer != "pickle" || p.Protocol == nil || *p.Protocol != 4 {
			continue
		}
		data := p.data(b)
		b.Run(p.Layout, func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				var session map[string]any
				if err := pickle.Unmarshal(data, &session); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkParseString(b *testing.B) {
	data := pickle.AppendString(nil, strings.Repeat("0123456789abcdef", 4))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := pickle.ParseString(data); err != nil {
			b.Fatal(err)
		}
	}
}
