package encode_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"log"
	"strings"
	"testing"

	"github.com/pyramidgo/redissessions/encode"
	"github.com/pyramidgo/redissessions/encode/encodetest"
)

// gzipJSON is a codec that packs the JSON codec's output.
var gzipJSON = encode.Codec{Encode: packJSON, Decode: unpackJSON}

// unpackedLimit keeps a small record from unpacking to gigabytes.
const unpackedLimit = 8 << 20

func packJSON(v any) ([]byte, error) {
	text, err := encode.JSON.Encode(v)
	if err != nil {
		return nil, err
	}
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if _, err := w.Write(text); err != nil {
		return nil, fmt.Errorf("gzipjson: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("gzipjson: %w", err)
	}
	return packed.Bytes(), nil
}

func unpackJSON(data []byte, v any) error {
	rest := bytes.NewReader(data)
	r, err := gzip.NewReader(rest)
	if err != nil {
		return fmt.Errorf("gzipjson: %w", err)
	}
	r.Multistream(false)
	text, err := io.ReadAll(io.LimitReader(r, unpackedLimit+1))
	switch {
	case err != nil:
		return fmt.Errorf("gzipjson: %w", err)
	case len(text) > unpackedLimit:
		return fmt.Errorf("gzipjson: more than %d bytes unpacked", unpackedLimit)
	case rest.Len() > 0:
		return fmt.Errorf("gzipjson: data after the value")
	}
	return encode.JSON.Decode(text, v)
}

func TestGzipJSON(t *testing.T) {
	encodetest.TestCodec(t, gzipJSON, encodetest.Deterministic(), encodetest.Without("bytes", "time"))
}

// A codec of your own: JSON, packed by gzip. docs/writing-a-codec.md builds it
// step by step.
func Example_writingACodec() {
	dict := map[string]any{"cart": strings.Repeat("one apple, ", 1000)}
	plain, err := encode.JSON.Encode(dict)
	if err != nil {
		log.Fatal(err)
	}
	packed, err := gzipJSON.Encode(dict)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("a tenth of the size:", len(packed) < len(plain)/10)

	var back map[string]any
	if err := gzipJSON.Decode(packed, &back); err != nil {
		log.Fatal(err)
	}
	fmt.Println("nothing lost:", back["cart"] == dict["cart"])
	// Output:
	// a tenth of the size: true
	// nothing lost: true
}
