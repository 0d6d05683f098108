package dbsc

import (
	"crypto/rsa"
	"math/big"
	"testing"
)

// TestRSASizes: an RSA key has 2048 to 4096 bits and the usual exponent, so that a check
// neither means little nor costs much. A key comes back from its text.
func TestRSASizes(t *testing.T) {
	for _, c := range []struct {
		bits, exponent int
		good           bool
	}{{2047, rsaExponent, false}, {2048, rsaExponent, true}, {4096, rsaExponent, true}, {4097, rsaExponent, false}, {1 << 16, rsaExponent, false}, {2048, 3, false}} {
		n := new(big.Int).Lsh(big.NewInt(1), uint(c.bits-1))
		text, err := keyText(&rsa.PublicKey{N: n, E: c.exponent})
		if (err == nil) != c.good {
			t.Errorf("%d bits, exponent %d: %v", c.bits, c.exponent, err)
		}
		if !c.good {
			continue
		}
		key, err := keyOf(text)
		if k, ok := key.(*rsa.PublicKey); err != nil || !ok || k.N.Cmp(n) != 0 || k.E != c.exponent {
			t.Errorf("%d bits: %v comes back, %v", c.bits, key, err)
		}
	}
}
