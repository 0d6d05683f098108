package golden_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"slices"
	"strings"
	"testing"
)

var recordAs = flag.String("record", "", "record what the present code writes as that of a new `version`")

// read reads a stored session by the present code.
func (s *stored) read(t *testing.T, connector string) reading {
	var users []string
	if s.Settings["user_sessions"] == "true" {
		users = []string{"ada"}
	}
	return read(func() *world {
		w := newWorld(t, connector, s.ReadAt, s, nil)
		w.put(s)
		return w
	}, users)
}

// TestEveryReleaseIsRead: what every release has stored and sent reads as it did then, through
// both connectors.
func TestEveryReleaseIsRead(t *testing.T) {
	for _, release := range versions(t) {
		for _, s := range readFolder(t, release).Sessions {
			for connector := range connectors {
				t.Run(release+"/"+s.Name+"/"+connector, func(t *testing.T) {
					got, want := lines(t, s.read(t, connector)), lines(t, s.Reads)
					for i := range max(len(got), len(want)) {
						if i >= len(got) || i >= len(want) || got[i] != want[i] {
							t.Fatalf("it does not read as %s recorded it:\n got %s\nwant %s", release, from(got, i), from(want, i))
						}
					}
				})
			}
		}
	}
}

// lines is a reading as the manifest has it.
func lines(t *testing.T, r reading) []string {
	t.Helper()
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(string(text), "\n")
}

func from(lines []string, i int) string {
	if i >= len(lines) {
		return "nothing more"
	}
	return strings.TrimSpace(lines[i])
}

// TestThisVersionWritesTheSame: the present code stores the sessions of the newest folder as
// they are there, byte for byte but for what is random.
func TestThisVersionWritesTheSame(t *testing.T) {
	fresh := write(t)
	if *recordAs != "" {
		if !t.Failed() {
			writeFolder(t, *recordAs, fresh)
		}
		return
	}
	all := versions(t)
	newest := all[len(all)-1]
	var different []string
	recorded := readFolder(t, newest).Sessions
	for i := range max(len(recorded), len(fresh)) {
		switch {
		case i >= len(fresh):
			different = append(different, recorded[i].Name+" is not written any more")
		case i >= len(recorded):
			different = append(different, fresh[i].Name+" is new")
		case !fresh[i].same(recorded[i]):
			different = append(different, fresh[i].Name)
		}
	}
	if different != nil {
		t.Errorf("records of this version differ from testdata/golden/%s: if that is meant, record them as those of the next version,\n"+
			"\tgo test ./internal/golden -run TestThisVersionWritesTheSame -record NEXT\n"+
			"and say in CHANGELOG.md and docs/upgrading.md what the versions before make of them. The sessions are:\n%s",
			newest, strings.Join(different, "\n"))
	}
}

// same reports whether a session is stored as it was recorded.
func (s *stored) same(was *stored) bool {
	if s.Name != was.Name || len(s.Keys) != len(was.Keys) || len(s.Cookies) != len(was.Cookies) {
		return false
	}
	for i, k := range s.Keys {
		old := was.Keys[i]
		if k.Key != old.Key || k.TTL != old.TTL || !bytes.Equal(s.steady(k.record), was.steady(old.record)) || !slices.Equal(steadySet(k.Set), steadySet(old.Set)) {
			return false
		}
	}
	for name, value := range s.Cookies {
		if name == "session_bound" && was.Cookies[name] != "" {
			continue // its identifier is random
		}
		if was.Cookies[name] != value {
			return false
		}
	}
	return true
}

// steady returns a record without what is random in it.
func (s *stored) steady(record []byte) []byte {
	b := bytes.Clone(record)
	for _, random := range []string{s.Reads.CSRFToken, claimToken(s.Reads.Values["_once_refresh"])} {
		if random != "" {
			b = bytes.ReplaceAll(b, []byte(random), bytes.Repeat([]byte("?"), len(random)))
		}
	}
	if !bytes.HasPrefix(b, []byte("rs")) || len(b) < 52 {
		return b
	}
	blank := func(from, to int) { copy(b[from:to], bytes.Repeat([]byte("?"), to-from)) }
	blank(4, 12) // the revision
	end := 52    // of the header
	switch b[2] {
	case 2:
		end = 88
	case 3:
		end = 90 + int(b[88])<<8 + int(b[89])
		blank(91, end) // identifiers, challenges and the browser's key
	}
	if 'A' <= b[3] && b[3] <= 'Z' {
		blank(end, len(b)) // encrypted; behind the name of the codec in some
	}
	return b
}

// claimToken returns the random part of a claim of Once.
func claimToken(value string) string {
	if parts := strings.Split(value, " "); len(parts) > 3 {
		return parts[2]
	}
	return ""
}

// steadySet returns a set as text, without its epoch, which is random.
func steadySet(set map[string]float64) []string {
	var all []string
	for member, score := range set {
		if member == "" {
			score = 0
		}
		text, _ := json.Marshal(map[string]float64{member: score})
		all = append(all, string(text))
	}
	slices.Sort(all)
	return all
}
