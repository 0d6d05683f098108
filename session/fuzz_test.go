package session

import (
	"testing"
)

// FuzzCookie: whatever a client sends, no signer panics, and what a signer
// accepts it has signed itself, in this very spelling.
func FuzzCookie(f *testing.F) {
	native := newHMACSigner(signerSalt("session"), testSecret, []string{"an older secret"})
	signers := []Signer{native}
	for _, format := range []Format{FormatPyramidRedisSessions, FormatPyramidSessionRedis} {
		factory := newTestFactory(f, newMemStore(), func(o *Options) { o.Format = format })
		signers = append(signers, factory.signer)
	}
	for _, s := range signers {
		for _, id := range []string{"x", "an ID", "é"} {
			value, err := s.Sign(id)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(value)
			f.Add(value + "=")
			f.Add(value[1:])
		}
	}
	f.Add("")
	f.Fuzz(func(t *testing.T, value string) {
		for _, s := range signers {
			id, err := s.Verify(value)
			if err != nil {
				continue
			}
			signed, err := s.Sign(id)
			if err != nil || id == "" {
				t.Errorf("%T accepts what it would not sign: %q", s, id)
			}
			// pyramid_redis_sessions' IDs are pickled, in one of several ways.
			if again, err := s.Verify(signed); err != nil || again != id {
				t.Errorf("%T does not accept its own signature of %q", s, id)
			}
		}
	})
}
