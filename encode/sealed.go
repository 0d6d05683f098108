package encode

import (
	"errors"
)

// Sealed returns codec with its output encrypted and authenticated, as
// NewSealer describes. Data that has not been sealed with one of the keys is
// refused before codec's decoder sees it.
func Sealed(codec Codec, keys ...[]byte) (Codec, error) {
	if codec.Encode == nil || codec.Decode == nil {
		return Codec{}, errors.New("encode: a codec to seal needs its encoder and its decoder")
	}
	sealer, err := NewSealer(keys...)
	if err != nil {
		return Codec{}, err
	}
	return Codec{
		Encode: func(v any) ([]byte, error) {
			data, err := codec.Encode(v)
			if err != nil {
				return nil, err
			}
			return sealer.Seal(data, nil)
		},
		Decode: func(sealed []byte, v any) error {
			data, err := sealer.Open(sealed, nil)
			if err != nil {
				return err
			}
			return codec.Decode(data, v)
		},
	}, nil
}
