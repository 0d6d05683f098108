package encode

// Encoder returns v as bytes. json.Marshal is one.
//
// It must be safe for use by several goroutines, must not modify v, and must
// not return memory that v refers to.
type Encoder func(v any) ([]byte, error)

// Decoder stores in the value that v points to what data holds.
// json.Unmarshal is one.
//
// It must be safe for use by several goroutines and must neither modify nor
// keep data. Malformed data is an error, never a panic.
type Decoder func(data []byte, v any) error

// Codec is an encoder and the decoder that reads what it wrote.
type Codec struct {
	Encode Encoder
	Decode Decoder
}

const (
	// MaxDepth is how deeply lists, maps and structs may stand in one another,
	// in the built-in codecs, when encoding and when decoding.
	MaxDepth = 64

	// MaxElements is how many values one encoded value may hold altogether, in the
	// built-in codecs, when encoding and when decoding. A value counts as 1, so do
	// the key of a map and the name of a struct's field, and a list or a map counts
	// as a few more, because an empty one takes a byte of a record and many times
	// that of memory.
	MaxElements = 1 << 17

	listCost = 1 // beside the 1 of every value
	mapCost  = 7
)
