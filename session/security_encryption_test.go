package session_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/pyramidgo/redissessions/session"
)

func encryptionKey(b byte) []byte { return bytes.Repeat([]byte{b}, 32) }

// encrypted returns a factory whose records are encrypted.
func encrypted(t *testing.T, store session.Store, keys ...[]byte) *session.Factory {
	return newTestFactory(t, store, func(o *session.Options) { discardLog(o); o.EncryptionKeys = keys })
}

// TestEncryptionKeysRotate exchanges the key as an operator does.
func TestEncryptionKeysRotate(t *testing.T) {
	store := newMemStore()
	old, recent := encryptionKey(1), encryptionKey(2)
	v := newVisitor(t, encrypted(t, store, old))
	v.visit(func(s *session.Session) { s.Set("name", "Ada Lovelace") })
	for _, record := range store.records {
		if bytes.Contains(record.data, []byte("Ada")) || bytes.Contains(record.data, []byte("name")) {
			t.Error("the record can be read")
		}
	}
	has := func(step string, want bool) {
		t.Helper()
		v.visit(func(s *session.Session) {
			if s.Has("name") != want {
				t.Errorf("%s: the session is there: %v, want %v", step, !want, want)
			}
		})
	}
	v.f = encrypted(t, store, recent, old)
	has("a new key before the old one", true)
	v.visit(func(s *session.Session) { s.Set("k", "v") }) // writes with the new key
	v.f = encrypted(t, store, recent)
	has("the old key removed", true)
	v.f = encrypted(t, store, encryptionKey(3))
	has("another key", false)
	v.f = newTestFactory(t, store, discardLog)
	has("no key at all", false)

	plain := newVisitor(t, v.f)
	plain.visit(func(s *session.Session) { s.Set("name", "Ada") })
	plain.f = encrypted(t, store, recent)
	v = plain
	has("a record that was never encrypted", false)
}

// Equal data does not look equal.
func TestEncryptedRecordsDiffer(t *testing.T) {
	store := newMemStore()
	f := encrypted(t, store, encryptionKey(1))
	bodies := map[string]bool{}
	for range 10 {
		newVisitor(t, f).visit(func(s *session.Session) { s.Set("name", "Ada") })
	}
	for _, record := range store.records {
		bodies[string(record.data[recordHeader:])] = true
	}
	if len(bodies) != 10 {
		t.Errorf("%d bodies, want 10 that differ", len(bodies))
	}
}

// A key of another length is said at start-up, without showing it.
func TestEncryptionKeyOfAnotherLength(t *testing.T) {
	_, err := session.NewFactory(newMemStore(), &session.Options{Secret: testSecret, EncryptionKeys: [][]byte{[]byte("hunter2")}})
	if err == nil || strings.Contains(err.Error(), "hunter") {
		t.Errorf("error %v", err)
	}
}
