package session

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

func encryptionKey(b byte) []byte { return bytes.Repeat([]byte{b}, 32) }

// encrypted returns a factory whose records are encrypted.
func encrypted(t *testing.T, store Store, keys ...[]byte) *Factory {
	return newTestFactory(t, store, func(o *Options) { discardLog(o); o.EncryptionKeys = keys })
}

// TestEncryptionKeysRotate exchanges the key as an operator does.
func TestEncryptionKeysRotate(t *testing.T) {
	store := newMemStore()
	old, recent := encryptionKey(1), encryptionKey(2)
	v := newVisitor(t, encrypted(t, store, old))
	v.visit(func(s *Session) { s.Set("name", "Ada Lovelace") })
	for _, record := range store.records {
		if bytes.Contains(record.data, []byte("Ada")) || bytes.Contains(record.data, []byte("name")) {
			t.Error("the record can be read")
		}
	}
	has := func(step string, want bool) {
		t.Helper()
		v.visit(func(s *Session) {
			if s.Has("name") != want {
				t.Errorf("%s: the session is there: %v, want %v", step, !want, want)
			}
		})
	}
	v.f = encrypted(t, store, recent, old)
	has("a new key before the old one", true)
	v.visit(func(s *Session) { s.Set("k", "v") }) // writes with the new key
	v.f = encrypted(t, store, recent)
	has("the old key removed", true)
	v.f = encrypted(t, store, encryptionKey(3))
	has("another key", false)
	v.f = newTestFactory(t, store, discardLog)
	has("no key at all", false)

	plain := newVisitor(t, v.f)
	plain.visit(func(s *Session) { s.Set("name", "Ada") })
	plain.f = encrypted(t, store, recent)
	v = plain
	has("a record that was never encrypted", false)
}

// TestEncryptedRecordCannotBeMoved gives somebody write access to Redis: no
// record of one session passes as another's, or as itself with other times.
func TestEncryptedRecordCannotBeMoved(t *testing.T) {
	store := newMemStore()
	f := encrypted(t, store, encryptionKey(1))
	admin, guest := addressOf(DefaultPrefix, "admin"), addressOf(DefaultPrefix, "guest")
	layout := f.format.layout()
	record, _, err := f.format.encode(admin, meta{created: f.now()}, layout.empty(), []change{{slot: &slot{key: "role", value: "admin", present: true}}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.format.decode(admin, record); err != nil {
		t.Fatalf("the record itself: %v", err)
	}
	if _, err := f.format.decode(guest, record); !errors.Is(err, ErrCrossedReply) {
		t.Errorf("under another key: %v", err)
	}
	moved := bytes.Clone(record)
	copy(moved[12:20], guest.hash[:8]) // the key check as it should be there
	if _, err := f.format.decode(guest, moved); !errors.Is(err, ErrUndecodable) {
		t.Errorf("under another key with its check: %v", err)
	}
	// The same hash under another prefix: two applications, one encryption key.
	other := addressOf("other:", "admin")
	if _, err := f.format.decode(other, record); !errors.Is(err, ErrUndecodable) {
		t.Errorf("under another prefix: %v", err)
	}
	for i := range 8 * len(record) {
		changed := bytes.Clone(record)
		changed[i/8] ^= 1 << (i % 8)
		if snap, err := f.format.decode(admin, changed); err == nil {
			t.Errorf("byte %d is changed, and the record opens: %v", i/8, snap.meta)
		}
	}
	for n := range record {
		if _, err := f.format.decode(admin, record[:n]); err == nil {
			t.Errorf("cut to %d bytes, the record opens", n)
		}
	}
}

// Equal data does not look equal.
func TestEncryptedRecordsDiffer(t *testing.T) {
	store := newMemStore()
	f := encrypted(t, store, encryptionKey(1))
	bodies := map[string]bool{}
	for range 10 {
		newVisitor(t, f).visit(func(s *Session) { s.Set("name", "Ada") })
	}
	for _, record := range store.records {
		bodies[string(record.data[headerLen:])] = true
	}
	if len(bodies) != 10 {
		t.Errorf("%d bodies, want 10 that differ", len(bodies))
	}
}

// A key of another length is said at start-up, without showing it.
func TestEncryptionKeyOfAnotherLength(t *testing.T) {
	_, err := NewFactory(newMemStore(), &Options{Secret: testSecret, EncryptionKeys: [][]byte{[]byte("hunter2")}})
	if err == nil || strings.Contains(err.Error(), "hunter") {
		t.Errorf("error %v", err)
	}
}
