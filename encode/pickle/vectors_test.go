package pickle_test

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/pyramidgo/redissessions/encode/pickle"
)

// The vectors are what the real pyramid_redis_sessions and
// pyramid_session_redis wrote and read.
func readVectors(t testing.TB, name string, into any) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "testdata", "vectors", name))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatal(err)
	}
}

type payload struct {
	Case, Name, Layout, Serializer string
	Protocol                       *int
	Hex                            string
	ZlibBase64                     string          `json:"zlib_base64"`
	ReadBack                       json.RawMessage `json:"managed_dict_as_read_back"`
	ManagedDict                    json.RawMessage `json:"managed_dict"`
	Envelope                       json.RawMessage
	ASCII                          json.RawMessage `json:"python3_reads_with_encoding_ASCII"`
}

func (p *payload) data(t testing.TB) []byte {
	t.Helper()
	if p.ZlibBase64 == "" {
		b, err := hex.DecodeString(p.Hex)
		if err != nil {
			t.Fatal(err)
		}
		return b
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

type payloadFile struct {
	Cases       map[string]json.RawMessage
	Payloads    []payload
	Scenarios   []payload
	BadPayloads []struct{ Name, Hex string } `json:"bad_payloads"`
}

// refusedCases are the cases that no Go session can hold, and what the error
// must name.
var refusedCases = map[string]string{
	"defaultdict":    "collections.defaultdict",
	"complex":        ".complex",
	"recursive_list": "contains itself",
}

func TestPayloads(t *testing.T) {
	var file payloadFile
	readVectors(t, "payloads.json", &file)
	python := startPeer(t)
	read := 0
	for _, p := range file.Payloads {
		if p.Serializer != "pickle" {
			continue
		}
		name := p.Case + "/" + p.Layout + "/" + string(rune('0'+*p.Protocol))
		t.Run(name, func(t *testing.T) {
			data := p.data(t)
			var record map[string]any
			err := pickle.Unmarshal(data, &record)
			if part, refused := refusedCases[p.Case]; refused {
				if err == nil || !strings.Contains(err.Error(), part) {
					t.Fatalf("want an error with %q, got %v", part, err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			want := file.Cases[p.Case]
			if p.ReadBack != nil {
				want = p.ReadBack
			}
			managed := "managed_dict"
			if p.Layout == "fork" {
				managed = "m"
			}
			sameNote(t, note(t, record[managed], true), parseNote(t, want))
			delete(record, managed)
			sameNote(t, note(t, record, true), parseNote(t, p.Envelope))
			python.rereads(t, data)
			read++
		})
	}
	if read < 240 {
		t.Errorf("only %d payloads were read", read)
	}
}

func sameNote(t *testing.T, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		got, want = firstDifference(got, want)
		t.Fatalf("got  %.1000s\nwant %.1000s", mustJSON(got), mustJSON(want))
	}
}

// firstDifference goes down as long as there is one part that differs.
func firstDifference(got, want any) (any, any) {
	switch g := got.(type) {
	case []any:
		if w, ok := want.([]any); ok && len(g) == len(w) {
			for i := range g {
				if !reflect.DeepEqual(g[i], w[i]) {
					return firstDifference(g[i], w[i])
				}
			}
		}
	case map[string]any:
		if w, ok := want.(map[string]any); ok && g["t"] == w["t"] && g["v"] != nil {
			return firstDifference(g["v"], w["v"])
		}
	}
	return got, want
}

func TestScenarios(t *testing.T) {
	var file payloadFile
	readVectors(t, "payloads.json", &file)
	python := startPeer(t)
	for _, p := range file.Scenarios {
		if p.Serializer != "pickle" {
			continue
		}
		t.Run(p.Name, func(t *testing.T) {
			var record map[string]any
			if err := pickle.Unmarshal(p.data(t), &record); err != nil {
				t.Fatal(err)
			}
			managed := "managed_dict"
			if p.Layout == "fork" {
				managed = "m"
			}
			switch {
			case p.ManagedDict != nil:
				sameNote(t, note(t, record[managed], true), parseNote(t, p.ManagedDict))
			case p.Name == "python2_ascii":
				sameNote(t, note(t, record, true), parseNote(t, p.ASCII))
			case p.Name == "python2_non_ascii_byte_str":
				// Python 3 refuses to guess; here the str stays what it was, bytes.
				values, _ := record[managed].(map[string]any)
				if got, ok := values["hi"].([]byte); !ok || string(got) != "caf\xc3\xa9" {
					t.Errorf("got %T %q", values["hi"], values["hi"])
				}
				return
			}
			python.rereads(t, p.data(t))
		})
	}
}

func TestBadPayloads(t *testing.T) {
	var file payloadFile
	readVectors(t, "payloads.json", &file)
	whole := map[string]bool{"not_a_dict": true, "missing_keys": true, "fork_version_0": true, "original_layout": true, "fork_layout": true}
	for _, p := range file.BadPayloads {
		data, err := hex.DecodeString(p.Hex)
		if err != nil {
			t.Fatal(err)
		}
		var v any
		err = pickle.Unmarshal(data, &v)
		// Some are sound pickles that only a record's reader can object to.
		if whole[p.Name] != (err == nil) {
			t.Errorf("%s: %v", p.Name, err)
		}
		if err != nil && !errors.Is(err, pickle.ErrMalformed) {
			t.Errorf("%s: %v is not ErrMalformed", p.Name, err)
		}
		var m map[string]any
		if err := pickle.Unmarshal(data, &m); p.Name == "not_a_dict" && err == nil {
			t.Error("a list was read as a dict")
		}
	}
}

type hostileFile struct {
	Malicious []struct {
		Name      string
		PickleHex string `json:"pickle_hex"`
	}
	ResourceBombs []struct {
		Name      string
		PickleHex string `json:"pickle_hex"`
	} `json:"resource_bombs"`
}

func TestMalicious(t *testing.T) {
	var file hostileFile
	readVectors(t, "malicious.json", &file)
	if len(file.Malicious) < 11 || len(file.ResourceBombs) < 2 {
		t.Fatal("vectors are missing")
	}
	for _, m := range file.Malicious {
		data, err := hex.DecodeString(m.PickleHex)
		if err != nil {
			t.Fatal(err)
		}
		var v any
		err = pickle.Unmarshal(data, &v)
		var class *pickle.ClassError
		if !errors.As(err, &class) || v != nil {
			t.Errorf("%s: got %v and %v, want a ClassError", m.Name, v, err)
			continue
		}
		switch class.Class {
		case "os.system", "posix.system", "builtins.eval":
		default:
			t.Errorf("%s: the class is given as %q", m.Name, class.Class)
		}
	}
	for _, b := range file.ResourceBombs {
		data, err := hex.DecodeString(b.PickleHex)
		if err != nil {
			t.Fatal(err)
		}
		refusedCheaply(t, b.Name, data, pickle.ErrLimit)
	}
}

func TestCookieVectors(t *testing.T) {
	type cookie struct {
		SessionID      string `json:"session_id"`
		PickleProtocol int    `json:"pickle_protocol"`
		PickleHex      string `json:"pickle_hex"`
	}
	type bare struct{ Name, Cookie string }
	var file struct {
		Original   []cookie
		ByVersion  []cookie                   `json:"original_by_python_version"`
		MustRefuse map[string]json.RawMessage `json:"must_refuse"`
	}
	readVectors(t, "cookies.json", &file)
	for _, c := range append(file.Original, file.ByVersion...) {
		data, err := hex.DecodeString(c.PickleHex)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := pickle.ParseString(data); got != c.SessionID || err != nil {
			t.Errorf("ParseString(%x) = %q, %v, want %q", data, got, err, c.SessionID)
		}
		if written := pickle.AppendString(nil, c.SessionID); c.PickleProtocol == 2 && !bytes.Equal(written, data) {
			t.Errorf("AppendString(%q) = %x, want %x", c.SessionID, written, data)
		}
	}
	var refused []bare
	if err := json.Unmarshal(file.MustRefuse["original"], &refused); err != nil {
		t.Fatal(err)
	}
	const signature = 40
	for _, r := range refused {
		if !strings.HasPrefix(r.Name, "signed_") && r.Name != "signature_of_empty" {
			continue // these fall to the signature
		}
		blob, err := base64.StdEncoding.DecodeString(r.Cookie[signature:])
		if err != nil {
			// Some must fall here already; that is the cookie reader's test.
			continue
		}
		if got, err := pickle.ParseString(blob); err == nil {
			t.Errorf("%s: ParseString(%x) = %q, want an error", r.Name, blob, got)
		}
	}
}
