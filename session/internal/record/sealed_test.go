package record

import (
	"bytes"
	"errors"
	"testing"
	"time"
)

// TestEncryptedRecordCannotBeMoved gives somebody write access to Redis: no
// record of one session passes as another's, or as itself with other times.
func TestEncryptedRecordCannotBeMoved(t *testing.T) {
	f := NewNative(Config{Prefix: testPrefix, Sealer: testSealer(t)})
	admin, guest := addressOf(testPrefix, "admin"), addressOf(testPrefix, "guest")
	record, _, err := f.Encode(admin, Meta{Created: time.Now()}, f.Layout().Empty(), []Change{{Key: "role", Value: "admin", Present: true}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Decode(admin, record); err != nil {
		t.Fatalf("the record itself: %v", err)
	}
	if _, err := f.Decode(guest, record); !errors.Is(err, ErrCrossedReply) {
		t.Errorf("under another key: %v", err)
	}
	moved := bytes.Clone(record)
	copy(moved[12:20], guest.hash[:8]) // the key check as it should be there
	if _, err := f.Decode(guest, moved); !errors.Is(err, ErrUndecodable) {
		t.Errorf("under another key with its check: %v", err)
	}
	// The same hash under another prefix: two applications, one encryption key.
	other := addressOf("other:", "admin")
	if _, err := f.Decode(other, record); !errors.Is(err, ErrUndecodable) {
		t.Errorf("under another prefix: %v", err)
	}
	for i := range 8 * len(record) {
		changed := bytes.Clone(record)
		changed[i/8] ^= 1 << (i % 8)
		if snap, err := f.Decode(admin, changed); err == nil {
			t.Errorf("byte %d is changed, and the record opens: %v", i/8, snap.Meta)
		}
	}
	for n := range record {
		if _, err := f.Decode(admin, record[:n]); err == nil {
			t.Errorf("cut to %d bytes, the record opens", n)
		}
	}
}
