package session_test

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/pyramidgo/redissessions/encode"
	"github.com/pyramidgo/redissessions/encode/pickle"
	"github.com/pyramidgo/redissessions/session"
)

// The vectors in testdata/vectors are what the real pyramid_redis_sessions and
// pyramid_session_redis wrote, read and refused.

// vectorTime is when the vectors' records were written.
var vectorTime = time.Unix(1700000000, 123456000)

// packages are the formats by the vectors' names for the two packages.
var packages = map[string]session.Format{"original": session.FormatPyramidRedisSessions, "fork": session.FormatPyramidSessionRedis}

func readVectors(t *testing.T, name string, into any) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "testdata", "vectors", name))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatal(err)
	}
}

// payload is one record of payloads.json.
type payload struct {
	Case, Name, Layout, Serializer string
	Protocol                       *int
	Options                        map[string]any
	PythonCannot                   string `json:"python_cannot"`
	Hex                            string
	ZlibBase64                     string          `json:"zlib_base64"`
	ReadBack                       json.RawMessage `json:"managed_dict_as_read_back"`
	ManagedDict                    json.RawMessage `json:"managed_dict"`
	Envelope                       json.RawMessage
	Whole                          json.RawMessage
	RedisTTL                       *int            `json:"redis_ttl"`
	ASCII                          json.RawMessage `json:"python3_reads_with_encoding_ASCII"`
}

type payloadFile struct {
	Cases       map[string]json.RawMessage
	Payloads    []payload
	Scenarios   []payload
	BadPayloads []struct {
		Name, Hex      string
		Original, Fork struct{ Outcome string }
	} `json:"bad_payloads"`
}

func (p *payload) record(t *testing.T) []byte {
	t.Helper()
	if p.ZlibBase64 == "" {
		return fromHex(t, p.Hex)
	}
	packed, err := base64.StdEncoding.DecodeString(p.ZlibBase64)
	if err != nil {
		t.Fatal(err)
	}
	z, err := zlib.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func fromHex(t *testing.T, digits string) []byte {
	t.Helper()
	b, err := hex.DecodeString(digits)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// textSigner is no signature at all: these tests are about the records.
type textSigner struct{}

func (textSigner) Sign(id string) (string, error)      { return id, nil }
func (textSigner) Verify(value string) (string, error) { return value, nil }

// newPyramidFactory returns a factory for a format whose clock stands still at
// the time of the vectors. Its cookie is the bare ID.
func newPyramidFactory(t *testing.T, store session.Store, f session.Format, serializer string, edit func(*session.Options)) *session.Factory {
	t.Helper()
	factory := newTestFactory(t, store, func(o *session.Options) {
		o.Secret, o.Signer, o.Logger = "", textSigner{}, slog.New(slog.DiscardHandler)
		o.Format, o.PythonExpires = f, f == session.FormatPyramidSessionRedis
		if serializer == "json" {
			o.Codec = encode.JSON
		}
		if edit != nil {
			edit(o)
		}
	})
	session.SetClock(factory, func() time.Time { return vectorTime })
	return factory
}

// dataMember is where in a record of the factory's format the data is.
func dataMember(f *session.Factory) string {
	if session.OptionsOf(f).Format == session.FormatPyramidRedisSessions {
		return "managed_dict"
	}
	return "m"
}

// recordCodec is the codec of a Pyramid factory's records.
func recordCodec(f *session.Factory) encode.Codec {
	if session.OptionsOf(f).Codec.Encode != nil {
		return session.OptionsOf(f).Codec
	}
	return pickle.Codec
}
