package record

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"strings"
	"time"
)

// HashUser names a user in the index. Factories with different cookies keep theirs apart.
func HashUser(cookieName, user string) UserHash {
	sum := sha256.Sum256([]byte("redissessions.user\x00" + cookieName + "\x00" + user))
	return UserHash(sum[:])
}

// HashLabel names a label in the index.
func HashLabel(cookieName, name, value string) UserHash {
	b := []byte("redissessions.label")
	for _, part := range []string{cookieName, name, value} {
		b = append(binary.BigEndian.AppendUint64(b, uint64(len(part))), part...)
	}
	sum := sha256.Sum256(b)
	return UserHash(sum[:])
}

// IndexKey is the key of the set of a user, or of a label. No record has one like it:
// natively what follows the prefix is longer, and in the Pyramid formats keys are IDs.
func IndexKey(prefix string, h UserHash) string { return prefix + "u:" + hex.EncodeToString(h[:]) }

const hashDigits = 2 * len(UserHash{})

// LabelsKey is where a session's data have the hashes of its labels, as text.
const LabelsKey = "_labels_"

// JoinLabels returns the hashes of labels as text, as a session's data have them at LabelsKey.
func JoinLabels(hashes []UserHash) string {
	var b strings.Builder
	for _, h := range hashes {
		b.WriteString(hex.EncodeToString(h[:]))
	}
	return b.String()
}

// SplitLabels returns the hashes of labels that a session's data have at LabelsKey.
func SplitLabels(v any) (hashes []UserHash) {
	text, _ := v.(string)
	for ; len(text) >= hashDigits; text = text[hashDigits:] {
		b, err := hex.DecodeString(text[:hashDigits])
		if err != nil {
			return nil
		}
		hashes = append(hashes, UserHash(b))
	}
	return hashes
}

// manyYears is an idle timeout from which on a session counts as one that never ends.
const manyYears = 40 * 365 * 24 * time.Hour

// Endless reports whether a session with that idle timeout counts as one that never ends.
func Endless(idle time.Duration) bool { return idle == 0 || idle >= manyYears }

// LeaseExtra is for how much longer than the idle timeout an entry counts. own is UserOptions.Lease, or 0.
func LeaseExtra(own, idle time.Duration) time.Duration {
	if own > 0 {
		return own
	}
	return max(time.Hour, 2*idle)
}

// LeaseFrom returns the end of a lease that begins now. It is not later than the absolute
// timeout, which counts from began; 0 is no such limit.
func LeaseFrom(now, began time.Time, own, idle, absolute time.Duration) time.Time {
	until := Forever
	if !Endless(idle) {
		until = now.Add(idle).Add(LeaseExtra(own, idle)) // a Duration may be too short for their sum
	}
	if absolute > 0 {
		if end := began.Add(absolute); end.Before(until) {
			until = end
		}
	}
	return until.Truncate(time.Millisecond).UTC()
}
