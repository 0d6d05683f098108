package encodetest

import (
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/pyramidgo/redissessions/encode"
)

// keeps returns the check that dict survives.
func keeps(dict map[string]any) func(encode.Codec) error {
	return func(codec encode.Codec) error {
		var back map[string]any
		if err := through(codec, dict, &back); err != nil {
			return err
		}
		if back == nil {
			return errors.New("a nil map came back")
		}
		return same(dict, back)
	}
}

// through encodes v and decodes the result into target.
func through(codec encode.Codec, v, target any) error {
	data, err := encodeSafely(codec, v)
	if err != nil {
		return fmt.Errorf("encoding: %w", err)
	}
	if err := decodeSafely(codec, data, target); err != nil {
		return fmt.Errorf("decoding: %w", err)
	}
	return nil
}

func same(want, got any) error {
	if d := difference(want, got); d != "" {
		return errors.New(d)
	}
	return nil
}

// errPanic marks a panic of the codec under test.
var errPanic = errors.New("panic")

func encodeSafely(codec encode.Codec, v any) (data []byte, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %v", errPanic, p)
		}
	}()
	return codec.Encode(v)
}

func decodeSafely(codec encode.Codec, data []byte, v any) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %v", errPanic, p)
		}
	}()
	return codec.Decode(data, v)
}

func checkAnyTarget(codec encode.Codec) error {
	var back any
	if err := through(codec, sample(), &back); err != nil {
		return err
	}
	return same(sample(), back)
}

// The types that typed targets are checked with.
type (
	user struct {
		ID      int
		Name    string
		Admin   bool
		Score   float64
		Address address
		Tags    []string
		Counts  map[string]int64
		Next    *address
	}
	address struct {
		Street string
		Number uint16
	}
)

func sampleUser() user {
	return user{
		ID: -7, Name: "Grace", Admin: true, Score: 2, Address: address{"High Street", 65535},
		Tags: []string{"a", "ß"}, Counts: map[string]int64{"x": 1, "y": 1 << 40}, Next: &address{"Low Road", 1},
	}
}

func checkStruct(codec encode.Codec) error {
	var back user
	if err := through(codec, sampleUser(), &back); err != nil {
		return err
	}
	return deepEqual(sampleUser(), back)
}

func checkSlice(codec encode.Codec) error {
	want := []address{{"A", 1}, {"B", 2}}
	var back []address
	if err := through(codec, want, &back); err != nil {
		return err
	}
	return deepEqual(want, back)
}

func checkMap(codec encode.Codec) error {
	want := map[string][]int{"a": {1, 2, 3}, "b": {-4}}
	var back map[string][]int
	if err := through(codec, want, &back); err != nil {
		return err
	}
	return deepEqual(want, back)
}

func checkTime(codec encode.Codec) error {
	for name, v := range times {
		want := v.(time.Time)
		var back time.Time
		if err := through(codec, want, &back); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if !want.Equal(back) {
			return fmt.Errorf("%s: want %v, got %v", name, want, back)
		}
	}
	return nil
}

func deepEqual(want, got any) error {
	if !reflect.DeepEqual(want, got) {
		return fmt.Errorf("want %+v, got %+v", want, got)
	}
	return nil
}

func checkWrongType(codec encode.Codec) error {
	for _, wrong := range []struct {
		value, target any
	}{
		{"text", new(int)},
		{map[string]any{"x": "y"}, new([]string)},
		{[]any{"x"}, new(map[string]any)},
		{[]any{"x"}, new(user)},
		{int64(300), new(int8)},
		{int64(-1), new(uint)},
		{map[string]any{"Number": int64(65536)}, new(address)},
	} {
		err := through(codec, wrong.value, wrong.target)
		if err == nil {
			return fmt.Errorf("%s was decoded into a %T", brief(wrong.value), wrong.target)
		}
		if errors.Is(err, errPanic) {
			return err
		}
	}
	return nil
}

func checkBadTarget(codec encode.Codec) error {
	data, err := encodeSafely(codec, sample())
	if err != nil {
		return err
	}
	for _, target := range []any{nil, user{}, map[string]any(nil), (*user)(nil), (*map[string]any)(nil), (*any)(nil)} {
		switch err := decodeSafely(codec, data, target); {
		case err == nil:
			return fmt.Errorf("a %T was accepted", target)
		case errors.Is(err, errPanic):
			return fmt.Errorf("a %T: %w", target, err)
		}
	}
	return nil
}
