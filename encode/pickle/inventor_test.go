package pickle_test

import (
	"math"
	"math/big"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/pyramidgo/redissessions/encode/pickle"
)

// An inventor makes random Go values of the types that reading gives.
type inventor struct{ *rand.Rand }

func pick[T any](r inventor, choices ...T) T { return choices[r.IntN(len(choices))] }

func (r inventor) some() int { return pick(r, 0, 1, 2, 3, 4, 5, 9) }

func (r inventor) value(depth int) any {
	if depth > 3 || r.IntN(2) == 0 {
		return r.atom()
	}
	n := r.some()
	switch r.IntN(7) {
	case 0:
		return pickle.Tuple(r.values(n, depth))
	case 1:
		return pickle.Set(r.keys(n))
	case 2:
		return pickle.FrozenSet(r.keys(n))
	case 3:
		d := &pickle.Dict{}
		for _, k := range append(r.keys(n), int64(-7)) {
			d.Set(k, r.value(depth+1))
		}
		return d
	case 4:
		d := &pickle.OrderedDict{}
		for _, k := range r.keys(n) {
			d.Set(k, r.value(depth+1))
		}
		return d
	case 5:
		m := map[string]any{}
		for range n {
			m[r.text()] = r.value(depth + 1)
		}
		return m
	}
	return r.values(n, depth)
}

func (r inventor) values(n, depth int) []any {
	values := make([]any, 0, n)
	for range n {
		values = append(values, r.value(depth+1))
	}
	return values
}

// keys are hashable, and no two of them equal.
func (r inventor) keys(n int) []any {
	var d pickle.Dict
	for range n {
		d.Set(r.key(), nil)
	}
	keys := make([]any, 0, n)
	for _, item := range d.Items {
		keys = append(keys, item.Key)
	}
	return keys
}

func (r inventor) key() any {
	switch r.IntN(6) {
	case 0:
		return pickle.Tuple{r.key(), r.text()}
	case 1:
		return pickle.FrozenSet{r.text(), int64(r.Uint32())}
	}
	for {
		switch v := r.atom().(type) {
		case pickle.ByteArray, pickle.Decimal, time.Time, pickle.DateTime, pickle.Time:
			// The first is no key; the others may equal one another in Python
			// though Go takes them for different.
		default:
			return v
		}
	}
}

func (r inventor) atom() any {
	switch r.IntN(16) {
	case 0:
		return nil
	case 1:
		return r.IntN(2) == 0
	case 2, 3:
		return int64(r.Uint64()) >> r.IntN(64)
	case 4:
		n := new(big.Int).Lsh(big.NewInt(int64(r.Uint64()|1)), uint(64+r.IntN(3000)))
		return n.Add(n, big.NewInt(int64(r.IntN(3)-1)))
	case 5:
		return pick(r, r.NormFloat64(), math.Float64frombits(r.Uint64()), math.Inf(1), math.Inf(-1), math.NaN(), math.Copysign(0, -1), 3)
	case 6:
		return r.octets()
	case 7:
		return pickle.ByteArray(r.octets())
	case 8:
		return pickle.Surrogates("a" + strings.Repeat(pick(r, "\xed\xa0\x80", "\xed\xbf\xbf", "\xed\xb0\x80é"), 1+r.IntN(3)))
	case 9:
		offset := r.IntN(2*86399) - 86399
		zone := pick(r, time.UTC, time.FixedZone("", offset))
		return time.Date(2+r.IntN(9997), time.Month(1+r.IntN(12)), 1+r.IntN(31), r.IntN(24), r.IntN(60), r.IntN(60), 1000*r.IntN(1e6), zone)
	case 10:
		d := pickle.DateTimeOf(time.Unix(r.Int64N(4e9), 1000*r.Int64N(1e6)).UTC())
		if d.Fold = r.IntN(2); r.IntN(2) == 0 {
			d.Zone = &pickle.Zone{Offset: pickle.TimeDeltaOf(time.Duration(r.Int64N(86399e6)) * time.Microsecond), Name: r.text() + "Z"}
		}
		return d
	case 11:
		return pick[any](r,
			pickle.Date{Year: 1 + r.IntN(9999), Month: 1 + r.IntN(12), Day: 1 + r.IntN(28)},
			pickle.Time{Hour: r.IntN(24), Minute: r.IntN(60), Second: r.IntN(60), Microsecond: r.IntN(1e6), Fold: r.IntN(2)})
	case 12:
		return pickle.TimeDelta{Days: r.IntN(2*999999999) - 999999999, Seconds: r.IntN(86400), Microseconds: r.IntN(1e6)}
	case 13:
		return pickle.Decimal(pick(r, "1.10", "-0", "NaN", "-NaN12", "sNaN", "Infinity", "-Infinity", "1E+5", "0E-10",
			"-12345678901234567890.123", "1.2E-999"))
	case 14:
		var u pickle.UUID
		for i := range u {
			u[i] = byte(r.Uint32()) >> (r.IntN(9))
		}
		return u
	}
	return r.text()
}

func (r inventor) octets() []byte {
	b := make([]byte, pick(r, 0, 1, 4, 255, 256, 1000))
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

func (r inventor) text() string {
	alphabet := []rune(pick(r, "ab", "\x00\n\r\\'\"\x1a\t", "\\uU0041x", "\x7f\u0080ÿ", "€日本\ud7ff\ue000", "😀\U0010ffff"))
	var b strings.Builder
	for range pick(r, 0, 1, 3, 10, 30, 260) {
		b.WriteRune(alphabet[r.IntN(len(alphabet))])
	}
	return b.String()
}
