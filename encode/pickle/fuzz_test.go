package pickle_test

import (
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/pyramidgo/redissessions/encode/pickle"
)

// addSeeds gives a fuzz target a small pickle of each case and protocol, and
// everything hostile.
func addSeeds(f *testing.F) {
	f.Helper()
	var file payloadFile
	readVectors(f, "payloads.json", &file)
	for _, p := range append(file.Payloads, file.Scenarios...) {
		if p.Serializer == "pickle" && len(p.Hex) > 0 && len(p.Hex) < 1000 {
			f.Add(p.data(f))
		}
	}
	var hostile hostileFile
	readVectors(f, "malicious.json", &hostile)
	for _, m := range append(hostile.Malicious, hostile.ResourceBombs...) {
		data, err := hex.DecodeString(m.PickleHex)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	// What the inventor of testdata/peer.py made, of every protocol.
	paths, err := filepath.Glob(filepath.Join("testdata", "seeds", "*.pickle"))
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
}

// small limits keep the fuzzer from spending its time on large values.
var small = pickle.Limits{Input: 1 << 16, Elements: 1 << 12, Bytes: 1 << 16, Memo: 1 << 12, Depth: 100}

// FuzzUnmarshal wants every input read or refused with an error of the package.
func FuzzUnmarshal(f *testing.F) {
	addSeeds(f)
	type typed struct {
		User    string `json:"user_id"`
		Count   int8
		Managed struct {
			A []float32 `json:"a"`
			B map[int]string
		} `json:"managed_dict"`
		M *pickle.Dict `json:"m"`
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		d := pickle.Decoder{Limits: small}
		var v any
		err := d.Unmarshal(data, &v)
		var class *pickle.ClassError
		if err != nil && !errors.Is(err, pickle.ErrMalformed) && !errors.Is(err, pickle.ErrLimit) &&
			!errors.Is(err, pickle.ErrCycle) && !errors.As(err, &class) {
			t.Errorf("an error of no kind: %v", err)
		}
		for _, into := range []any{new(map[string]any), new(typed), new([]map[string]int), new([16]byte), new(string)} {
			if d.Unmarshal(data, into) == nil && err != nil {
				t.Errorf("read into a %T only", into)
			}
		}
		if s, err := pickle.ParseString(data); err == nil && v != any(s) {
			t.Errorf("ParseString gives %q, Unmarshal %v", s, v)
		}
	})
}

// FuzzRoundTrip wants what was read to be the same when it is written and read
// again, by any protocol, and written the same.
func FuzzRoundTrip(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		var v any
		if (pickle.Decoder{Limits: small}).Unmarshal(data, &v) != nil {
			return
		}
		for protocol := 2; protocol <= 4; protocol++ {
			written, err := pickle.Encoder{Protocol: protocol}.Marshal(v)
			if err != nil {
				t.Fatal(err)
			}
			var again any
			if err := pickle.Unmarshal(written, &again); err != nil {
				t.Fatalf("%v\n%x", err, written)
			}
			sameNote(t, note(t, again, protocol == 4), note(t, v, protocol == 4))
		}
	})
}
