package golden_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"go/version"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// folders is where the releases' folders are.
var folders = filepath.Join("..", "..", "testdata", "golden")

// manifest says what the files of a folder are.
type manifest struct {
	Version  string
	Sessions []*stored
}

// stored is a session as a release left it in Redis and in a browser.
type stored struct {
	Name     string
	About    string
	Settings map[string]string // without "redis.sessions."
	Unnamed  bool              `json:",omitempty"` // the program's codec has no name
	Cookies  map[string]string
	Keys     []key
	ReadAt   time.Time
	Reads    reading
}

// key is one key of Redis: a record, whose bytes are in a file, or a sorted set.
type key struct {
	Key    string
	File   string             `json:",omitempty"`
	Set    map[string]float64 `json:",omitempty"` // the members as hex, and their scores
	TTL    string             // from when it was written; "" for none
	record []byte
}

// versions returns the versions that have a folder, the oldest first.
func versions(t *testing.T) []string {
	t.Helper()
	entries, err := os.ReadDir(folders)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range entries {
		all = append(all, e.Name())
	}
	if len(all) == 0 {
		t.Fatalf("%s has no folder", folders)
	}
	slices.SortFunc(all, func(a, b string) int { return version.Compare("go"+a, "go"+b) })
	return all
}

// readFolder returns what a release wrote.
func readFolder(t *testing.T, release string) *manifest {
	t.Helper()
	dir := filepath.Join(folders, release)
	text, err := os.ReadFile(filepath.Join(dir, "manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	m := &manifest{}
	if err := json.Unmarshal(text, m); err != nil {
		t.Fatalf("%s: %v", dir, err)
	}
	if m.Version != release || len(m.Sessions) < 50 {
		t.Fatalf("%s: the manifest is of version %q and has %d sessions", dir, m.Version, len(m.Sessions))
	}
	for _, s := range m.Sessions {
		for i := range s.Keys {
			k := &s.Keys[i]
			if k.File == "" {
				continue
			}
			text, err := os.ReadFile(filepath.Join(dir, k.File))
			if err != nil {
				t.Fatal(err)
			}
			k.record, err = hex.DecodeString(strings.Join(strings.Fields(string(text)), ""))
			if err != nil {
				t.Fatalf("%s: %v", k.File, err)
			}
		}
	}
	return m
}

// writeFolder records a release. A folder that is there is left as it is.
func writeFolder(t *testing.T, release string, sessions []*stored) {
	t.Helper()
	if !version.IsValid("go"+release) || strings.Count(release, ".") != 2 {
		t.Fatalf("-record %q: give a version such as 0.2.0", release)
	}
	dir := filepath.Join(folders, release)
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatalf("-record %s: %v: what a release has written is never recorded again", release, err)
	}
	write := func(name string, text []byte) {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, s := range sessions {
		for _, k := range s.Keys {
			if k.File != "" {
				write(k.File, hexLines(k.record))
			}
		}
	}
	text, err := json.MarshalIndent(manifest{release, sessions}, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	write("manifest.json", append(text, '\n'))
}

// hexLines returns a record as lines of 32 bytes.
func hexLines(record []byte) []byte {
	var lines bytes.Buffer
	for part := range slices.Chunk(record, 32) {
		lines.WriteString(hex.EncodeToString(part) + "\n")
	}
	return lines.Bytes()
}

// keysOf returns what is in Redis, sorted by key.
func keysOf(t *testing.T, w *world, name string) []key {
	t.Helper()
	var all []key
	for _, k := range w.redis.Keys() {
		found := key{Key: k}
		if ttl := w.redis.TTL(k); ttl > 0 {
			found.TTL = ttl.String()
		}
		if w.redis.Type(k) == "zset" {
			set, err := w.redis.SortedSet(k)
			if err != nil {
				t.Fatal(err)
			}
			found.Set = map[string]float64{}
			for member, score := range set {
				found.Set[hex.EncodeToString([]byte(member))] = score
				if member == "" {
					found.TTL = "15m0s" // the connector counts it by the machine's clock
				}
			}
		} else {
			text, err := w.redis.Get(k)
			if err != nil {
				t.Fatal(err)
			}
			found.record = []byte(text)
		}
		all = append(all, found)
	}
	n := 0
	for i := range all {
		if all[i].Set == nil {
			n++
			all[i].File = name + ".hex"
			if n > 1 {
				all[i].File = name + "-" + string(rune('0'+n)) + ".hex"
			}
		}
	}
	return all
}

// put puts a release's keys into Redis.
func (w *world) put(s *stored) {
	w.t.Helper()
	for _, k := range s.Keys {
		for member, score := range maps.All(k.Set) {
			text, err := hex.DecodeString(member)
			if err != nil {
				w.t.Fatal(err)
			}
			if _, err := w.redis.ZAdd(k.Key, score, string(text)); err != nil {
				w.t.Fatal(err)
			}
		}
		if k.Set == nil {
			if err := w.redis.Set(k.Key, string(k.record)); err != nil {
				w.t.Fatal(err)
			}
		}
		if k.TTL != "" {
			ttl, err := time.ParseDuration(k.TTL)
			if err != nil {
				w.t.Fatal(err)
			}
			w.redis.SetTTL(k.Key, ttl)
		}
	}
	for name, value := range s.Cookies {
		w.browser.SetCookie(name, value)
	}
}
