package encodetest

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/pyramidgo/redissessions/encode"
)

// decodeEach decodes data into one target of each sort. The first panic is
// the error.
func decodeEach(codec encode.Codec, data []byte) error {
	for _, target := range []any{new(any), new(map[string]any), new(user), new([]address), new(map[string]int), new(string)} {
		if err := decodeSafely(codec, data, target); errors.Is(err, errPanic) {
			return fmt.Errorf("%x into a %T: %w", data[:min(len(data), 64)], target, err)
		}
	}
	return nil
}

func checkNoData(codec encode.Codec) error {
	for _, data := range [][]byte{nil, {}} {
		var back map[string]any
		switch err := decodeSafely(codec, data, &back); {
		case err == nil:
			return errors.New("it was accepted")
		case errors.Is(err, errPanic):
			return err
		}
	}
	return nil
}

// checkGarbage gives the decoder bytes that mean nothing: each byte many
// times, and random ones, the same in each run.
func checkGarbage(codec encode.Codec) error {
	random := rand.New(rand.NewPCG(1, 2))
	for c := range 256 {
		for _, n := range []int{1, 2, 9, 1000} {
			if err := decodeEach(codec, bytes.Repeat([]byte{byte(c)}, n)); err != nil {
				return err
			}
		}
		data := make([]byte, random.IntN(64))
		for i := range data {
			data[i] = byte(random.Uint32())
		}
		if err := decodeEach(codec, data); err != nil {
			return err
		}
	}
	return nil
}

func checkTruncated(codec encode.Codec) error {
	data, err := encodeSafely(codec, sample())
	if err != nil {
		return err
	}
	for n := range data {
		if err := decodeEach(codec, data[:n]); err != nil {
			return err
		}
		var back map[string]any
		if err := decodeSafely(codec, data[:n:n], &back); err == nil && difference(sample(), back) != "" {
			return fmt.Errorf("%d of %d bytes decoded to something else", n, len(data))
		}
	}
	return nil
}

func checkTrailing(codec encode.Codec) error {
	data, err := encodeSafely(codec, sample())
	if err != nil {
		return err
	}
	for _, more := range [][]byte{{0}, {0xff}, []byte("x"), []byte("{}"), data} {
		for _, target := range []any{new(any), new(map[string]any), new(map[string]rawAny)} {
			switch err := decodeSafely(codec, append(bytes.Clone(data), more...), target); {
			case err == nil:
				return fmt.Errorf("%.20q after the data was accepted into a %T", more, target)
			case errors.Is(err, errPanic):
				return err
			}
		}
	}
	return nil
}

// rawAny makes a typed target that holds any dict.
type rawAny any

func checkDamaged(codec encode.Codec) error {
	data, err := encodeSafely(codec, sample())
	if err != nil {
		return err
	}
	for i := range data {
		for bit := range 8 {
			damaged := bytes.Clone(data)
			damaged[i] ^= 1 << bit
			if err := decodeEach(codec, damaged); err != nil {
				return err
			}
		}
	}
	return nil
}
