package pickle

import (
	"math/big"
	"slices"
)

// smallest returns an int64 where n fits.
func smallest(n *big.Int) any {
	if n.IsInt64() {
		return n.Int64()
	}
	return n
}

// fromTwosComplement reads an int as LONG1 and LONG4 hold it: least significant
// byte first, the top bit is the sign.
func fromTwosComplement(b []byte) *big.Int {
	reversed := slices.Clone(b)
	slices.Reverse(reversed)
	n := new(big.Int).SetBytes(reversed)
	if reversed[0]&0x80 != 0 {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(b))))
	}
	return n
}

// toTwosComplement is the reverse, in as few bytes as Python uses.
func toTwosComplement(n *big.Int) []byte {
	if n.Sign() == 0 {
		return nil
	}
	size := n.BitLen()/8 + 1
	positive := n
	if n.Sign() < 0 {
		positive = new(big.Int).Add(n, new(big.Int).Lsh(big.NewInt(1), uint(8*size)))
	}
	b := positive.FillBytes(make([]byte, size))
	slices.Reverse(b)
	// -2**(8k-1) has k bytes, though BitLen suggests one more.
	if k := len(b); k > 1 && b[k-1] == 0xff && b[k-2]&0x80 != 0 {
		b = b[:k-1]
	}
	return b
}
