package session

import (
	"encoding/hex"
	"errors"
	"strings"

	"github.com/pyramidgo/redissessions/session/internal/record"
)

// WithLabel also puts the session into the index of a label, which Factory.EndLabel ends:
// the sid of an OpenID Connect provider, a tenant, a device. A session may have several.
// The next Login drops them.
func WithLabel(name, value string) LoginOption {
	return func(l *loginCall) {
		if name == "" || value == "" {
			l.err = errors.New("session: WithLabel: the name or the value is empty")
		}
		l.labels = append(l.labels, [2]string{name, value})
	}
}

const hashDigits = 2 * len(record.UserHash{})

// joinLabels returns the hashes of labels as text, as the session's data keep them.
func joinLabels(hashes []record.UserHash) string {
	var b strings.Builder
	for _, h := range hashes {
		b.WriteString(hex.EncodeToString(h[:]))
	}
	return b.String()
}

// splitLabels is the inverse of joinLabels.
func splitLabels(v any) (hashes []record.UserHash) {
	text, _ := v.(string)
	for ; len(text) >= hashDigits; text = text[hashDigits:] {
		b, err := hex.DecodeString(text[:hashDigits])
		if err != nil {
			return nil
		}
		hashes = append(hashes, record.UserHash(b))
	}
	return hashes
}

// setKeys returns the keys of the sets that the session is in: its user's first, then
// those of its labels. After a Clear only the former is known.
func (s *Session) setKeys(l record.Login) []string {
	keys := []string{s.f.setKey(l.User)}
	v, _ := s.data.Get(labelsKey)
	for _, h := range splitLabels(v) {
		keys = append(keys, s.f.setKey(h))
	}
	return keys
}
