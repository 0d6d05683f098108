package session_test

import (
	"fmt"
	"testing"

	"github.com/pyramidgo/redissessions/encode"
	"github.com/pyramidgo/redissessions/encode/pickle"
	"github.com/pyramidgo/redissessions/session"
)

// lookups is implemented by the data of a lazy record (internal/record).
type lookups interface {
	Lookups() (walks float64, indexed int)
}

// walksBeforeIndex is how many walks through a record it takes for an index to be made.
const walksBeforeIndex = 8

// eachKeyUses are what a request may do with every one of many keys.
var eachKeyUses = map[string]func(s *session.Session, key string, i int){
	"Get":        func(s *session.Session, key string, _ int) { s.Get(key) },
	"Value":      func(s *session.Session, key string, _ int) { session.Value[int16](s, key) },
	"string":     func(s *session.Session, key string, _ int) { session.Value[string](s, key) },
	"struct":     func(s *session.Session, key string, _ int) { session.Value[interval](s, key) },
	"Has":        func(s *session.Session, key string, _ int) { s.Has(key) },
	"absent":     func(s *session.Session, key string, _ int) { s.Get(key + "?") },
	"Set":        func(s *session.Session, key string, i int) { s.Set(key, i+1) },
	"Set equal":  func(s *session.Session, key string, i int) { s.Set(key, i) },
	"Delete":     func(s *session.Session, key string, _ int) { s.Delete(key) },
	"Pop":        func(s *session.Session, key string, _ int) { s.Pop(key) },
	"SetDefault": func(s *session.Session, key string, i int) { s.SetDefault(key, i); s.SetDefault(key+"?", i) },
	"Modify":     func(s *session.Session, key string, _ int) { session.Modify(s, key, func(n int) int { return n + 1 }) },
	"Update":     func(s *session.Session, key string, i int) { s.Update(map[string]any{key: i + 2}) },
	"Flash":      func(s *session.Session, key string, i int) { s.Flash(key, i) },
	"FlashOnce":  func(s *session.Session, key string, i int) { s.FlashOnce(key, i) },
	"PeekFlash":  func(s *session.Session, key string, _ int) { s.PeekFlash(key) },
	"PopFlash":   func(s *session.Session, key string, _ int) { s.Flash(key, 1); s.PopFlash(key) },
}

func manyKeys(n int) map[string]any {
	values := make(map[string]any, n)
	for i := range n {
		switch key := fmt.Sprint("key ", i); i % 3 {
		case 0:
			values[key] = i
		case 1:
			values[key] = fmt.Sprint("text ", i)
		default:
			values[key] = []any{i}
		}
	}
	return values
}

// A request that looks at every key of a native record walks through the record a
// fixed number of times, however many keys there are.
func TestManyLookupsWalkFewTimes(t *testing.T) {
	for _, n := range []int{100, 3000} {
		for name, use := range eachKeyUses {
			v := newVisitor(t, newTestFactory(t, newMemStore(), nil))
			v.visit(func(s *session.Session) { s.Update(manyKeys(n)) })
			var base lookups
			v.visit(func(s *session.Session) {
				base = session.BaseOf(s).(lookups)
				for i := range n {
					use(s, fmt.Sprint("key ", i), i)
				}
				for range s.All() {
					continue
				}
			}) // and is saved
			if walks, indexed := base.Lookups(); walks > walksBeforeIndex+1 || indexed > 1 {
				t.Errorf("%s of %d keys: walked %.1f times through the record, indexed it %d times", name, n, walks, indexed)
			}
		}
	}
}

// A request that looks up a few keys makes no index.
func TestFewLookupsMakeNoIndex(t *testing.T) {
	v := newVisitor(t, newTestFactory(t, newMemStore(), nil))
	v.visit(func(s *session.Session) { s.Update(manyKeys(100)) })
	v.visit(func(s *session.Session) {
		for i := range walksBeforeIndex {
			s.Get(fmt.Sprint("key ", 99-i))
		}
		if walks, indexed := session.BaseOf(s).(lookups).Lookups(); indexed > 0 || walks == 0 {
			t.Errorf("indexed %d times, walked %.1f times", indexed, walks)
		}
	})
}

// With a codec for the whole dict, what a request sends through the codec grows as
// the number of keys does, not as its square.
func TestManyKeysThroughACodec(t *testing.T) {
	const few = 300
	for name, codec := range map[string]encode.Codec{"cbor": encode.CBOR, "json": encode.JSON, "msgpack": encode.MsgPack, "pickle": pickle.Codec} {
		for _, format := range []session.Format{session.FormatNative, session.FormatPyramidRedisSessions, session.FormatPyramidSessionRedis} {
			if format != session.FormatNative && (name == "cbor" || name == "msgpack") {
				continue
			}
			for method, use := range eachKeyUses {
				work := func(n int) int {
					through := 0
					counting := encode.Codec{
						Encode: func(v any) ([]byte, error) {
							b, err := codec.Encode(v)
							through += len(b)
							return b, err
						},
						Decode: func(data []byte, v any) error { through += len(data); return codec.Decode(data, v) },
					}
					v := newVisitor(t, newTestFactory(t, newMemStore(), func(o *session.Options) { o.Format, o.Codec = format, counting }))
					v.visit(func(s *session.Session) { s.Update(manyKeys(n)) })
					through = 0
					v.visit(func(s *session.Session) {
						for i := range n {
							use(s, fmt.Sprint("key ", i), i)
						}
						for range s.All() {
							continue
						}
					})
					return through
				}
				if a, b := work(few), work(4*few); b > 6*a {
					t.Errorf("%s, %s, %s: %d bytes for %d keys, %d for %d", format, name, method, a, few, b, 4*few)
				}
			}
		}
	}
}
