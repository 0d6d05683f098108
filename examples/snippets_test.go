package examples

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/pyramidgo/redissessions/encode"
	"github.com/pyramidgo/redissessions/factory"
	"github.com/pyramidgo/redissessions/session"
)

// The snippets of the documents that are no whole programs stand in this and the next
// files, each in a function that gives it what it needs.

// TestSnippetCart is docs/concurrency.md's use of Modify.
func TestSnippetCart(t *testing.T) {
	withSession(t, func(s *session.Session) {
		s.Set("cart", []any{"pen"})
		s.Modify("cart", func(old any) any {
			items, _ := old.([]any)
			return append(items, "book")
		})
		if cart, _ := session.Value[[]string](s, "cart"); len(cart) != 2 || cart[1] != "book" {
			t.Errorf("the cart is %q", cart)
		}
	})
}

// gzipJSON stands for the codec of docs/writing-a-codec.md, which is an example of package
// encode.
var gzipJSON = encode.Codec{Encode: json.Marshal, Decode: unpackEither}

// unpackJSON stands for that of the same example.
func unpackJSON([]byte, any) error { return errPacked }

func unpackEither(data []byte, v any) error {
	if bytes.HasPrefix(data, []byte{0x1f, 0x8b}) {
		return unpackJSON(data, v)
	}
	return encode.JSON.Decode(data, v)
}

// TestSnippetRegisterACodec is docs/writing-a-codec.md's registration.
func TestSnippetRegisterACodec(t *testing.T) {
	inAFolder(t, "redis.sessions.encode = gzipjson\nredis.sessions.decode = gzipjson\nredis.sessions.lazy_connect = true\n")
	registry := factory.NewRegistry() // the built-in names are in it
	registry.Encode("gzipjson", gzipJSON.Encode)
	registry.Decode("gzipjson", gzipJSON.Decode)

	sessions, err := factory.FromFile("production.ini", factory.WithRegistry(registry))
	if err != nil {
		t.Fatal(err)
	}
	closeAfter(t, sessions)
}

func TestSnippetUnpackEither(t *testing.T) {
	t.Parallel()
	var v map[string]any
	if err := unpackEither([]byte(`{"a":1}`), &v); err != nil || len(v) != 1 {
		t.Errorf("JSON: %v, %v", v, err)
	}
	if err := unpackEither([]byte{0x1f, 0x8b, 8}, &v); err != errPacked { //nolint:errorlint // the very value
		t.Errorf("gzip: %v", err)
	}
}
