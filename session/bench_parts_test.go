package session

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pyramidgo/redissessions/session/internal/record"
)

// BenchKey and BenchValue are what the benchmarks' sessions hold.
func BenchKey(i int) string { return fmt.Sprintf("key-%03d", i) }

var BenchValue = strings.Repeat("v", 90)

// partsFactory returns a factory whose store is never asked.
func partsFactory(b *testing.B, format Format) *Factory {
	b.Helper()
	f, err := NewFactory(nil, &Options{
		Secret:   "a secret for tests, of more than 32 bytes",
		Format:   format,
		StoreFor: func(*http.Request) (Store, error) { return nil, ErrUnavailable },
	})
	if err != nil {
		b.Fatal(err)
	}
	return f
}

// BenchmarkCookie is the signature of an ID, the check of one, and the header
// that sets it.
func BenchmarkCookie(b *testing.B) {
	f := partsFactory(b, FormatNative)
	id, _, signed, err := f.newIdentity()
	if err != nil {
		b.Fatal(err)
	}
	b.Run("sign", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := f.signer.Sign(id); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("verify", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := f.verify(signed); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("header", func(b *testing.B) {
		r := &http.Request{Header: http.Header{"Cookie": {"theme=dark; session=" + signed + "; lang=en"}}}
		b.ReportAllocs()
		for b.Loop() {
			cookies := f.candidates(r, r, r.Header["Cookie"])
			if _, ok := cookies.next(); !ok {
				b.Fatal("no cookie")
			}
		}
	})
	b.Run("set", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			putCookie(http.Header{}, f.opts.Cookie.cookie(signed, 0, true))
		}
	})
}

// BenchmarkRecord is a record of 10 and of 100 keys in each format: taken apart
// until one value is there, and written again with one value changed.
func BenchmarkRecord(b *testing.B) {
	for _, keys := range []int{10, 100} {
		for _, name := range []Format{FormatNative, FormatPyramidRedisSessions, FormatPyramidSessionRedis} {
			f := partsFactory(b, name)
			_, at, _, err := f.newIdentity()
			if err != nil {
				b.Fatal(err)
			}
			raw, key := benchRecord(b, f.format, at, keys), BenchKey(keys/2)
			read := func() record.Snapshot {
				snap, err := f.format.Decode(at, raw)
				if err != nil {
					b.Fatal(err)
				}
				if v, ok, err := snap.Data.Get(key); !ok || err != nil || v != BenchValue {
					b.Fatalf("%v at %s", v, key)
				}
				return snap
			}
			b.Run(fmt.Sprintf("%s/%d/read", name, keys), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					read()
				}
			})
			b.Run(fmt.Sprintf("%s/%d/write", name, keys), func(b *testing.B) {
				snap, changed := read(), []record.Change{{Key: key, Value: "another value", Present: true}}
				b.ReportAllocs()
				for b.Loop() {
					if _, _, err := f.format.Encode(at, snap.Meta, snap.Data, changed); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// benchRecord returns a record of so many keys.
func benchRecord(b *testing.B, format record.Format, at record.Address, keys int) []byte {
	var changes []record.Change
	for i := range keys {
		changes = append(changes, record.Change{Key: BenchKey(i), Value: BenchValue, Present: true})
	}
	created := time.Unix(1e9, 0)
	record, _, err := format.Encode(at, record.Meta{Created: created, Idle: record.Override{Set: true, Duration: time.Hour}}, format.Layout().Empty(), changes)
	if err != nil {
		b.Fatal(err)
	}
	return record
}

// BenchmarkMerge is what a conflict costs beside its round trip: a request has
// set a key, counted, and appended a message; it meets another record.
func BenchmarkMerge(b *testing.B) {
	for _, keys := range []int{10, 100} {
		b.Run(fmt.Sprint(keys), func(b *testing.B) {
			f := partsFactory(b, FormatNative)
			_, at, _, err := f.newIdentity()
			if err != nil {
				b.Fatal(err)
			}
			current := benchRecord(b, f.format, at, keys)
			s := f.newSession(nil, nil)
			s.at = at
			s.Set("name", "value")
			Modify(s, "count", func(n int) int { return n + 1 })
			s.Flash("", "a message")
			b.ReportAllocs()
			for b.Loop() {
				if err := s.rebase(current); err != nil {
					b.Fatal(err)
				}
				changes, err := s.changes()
				if err != nil || len(changes) != 3 {
					b.Fatal(len(changes), err)
				}
				if _, _, _, err := s.encode(at, changes); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
