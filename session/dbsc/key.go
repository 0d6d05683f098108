package dbsc

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"errors"
	"math/big"
)

// The browser's public key as the state keeps it: the first byte is the algorithm's.
const (
	es256 = 'e' // followed by the point, uncompressed
	rs256 = 'r' // followed by the modulus; the exponent is rsaExponent
)

const (
	rsaLeastBits = 2048
	rsaMostBits  = 4096 // what a check may cost
	rsaExponent  = 65537
)

var errBadKey = errors.New("dbsc: the key is neither one of P-256 nor an RSA key of 2048 to 4096 bits with the exponent 65537")

// keyText returns a public key as the state keeps it.
func keyText(key any) (string, error) {
	switch k := key.(type) {
	case *ecdsa.PublicKey:
		if k.Curve != elliptic.P256() {
			return "", errBadKey
		}
		point, err := k.Bytes()
		if err != nil {
			return "", errBadKey
		}
		return string(es256) + string(point), nil
	case *rsa.PublicKey:
		if k.N == nil || k.N.BitLen() < rsaLeastBits || k.N.BitLen() > rsaMostBits || k.E != rsaExponent {
			return "", errBadKey
		}
		return string(rs256) + string(k.N.Bytes()), nil
	}
	return "", errBadKey
}

// keyOf is the inverse of keyText.
func keyOf(text string) (any, error) {
	switch {
	case text == "":
	case text[0] == es256:
		return ecdsa.ParseUncompressedPublicKey(elliptic.P256(), []byte(text[1:]))
	case text[0] == rs256:
		return &rsa.PublicKey{N: new(big.Int).SetBytes([]byte(text[1:])), E: rsaExponent}, nil
	}
	return nil, errBadKey
}
