package encodetest

import (
	"bytes"
	"errors"
	"fmt"
	"sync"

	"github.com/pyramidgo/redissessions/encode"
)

func checkInputUnchanged(codec encode.Codec) error {
	data, err := encodeSafely(codec, sample())
	if err != nil {
		return err
	}
	before := bytes.Clone(data)
	if err := decodeEach(codec, data); err != nil {
		return err
	}
	if !bytes.Equal(before, data) {
		return errors.New("it did")
	}
	return nil
}

func checkInputCopied(codec encode.Codec) error {
	for _, dict := range []map[string]any{sample(), {"bytes": []byte("some bytes")}} {
		data, err := encodeSafely(codec, dict)
		if err != nil {
			return err
		}
		var back, again map[string]any
		if err := decodeSafely(codec, bytes.Clone(data), &again); err != nil {
			return err
		}
		if err := decodeSafely(codec, data, &back); err != nil {
			return err
		}
		for i := range data {
			data[i] = 'X'
		}
		if err := same(again, back); err != nil {
			return err
		}
	}
	return nil
}

func checkValueUnchanged(codec encode.Codec) error {
	dict := sample()
	if _, err := encodeSafely(codec, dict); err != nil {
		return err
	}
	return same(sample(), dict)
}

func checkValueCopied(codec encode.Codec) error {
	content := []byte("some bytes")
	list := []any{"before"}
	dict := map[string]any{"bytes": content, "list": list}
	data, err := encodeSafely(codec, dict)
	if err != nil {
		return err
	}
	before := bytes.Clone(data)
	copy(content, "XXXXXXXXXX")
	list[0] = "after"
	dict["more"] = true
	if _, err := encodeSafely(codec, dict); err != nil {
		return err
	}
	if !bytes.Equal(before, data) {
		return errors.New("it did")
	}
	return nil
}

func checkUnencodable(codec encode.Codec) error {
	for _, v := range []any{func() {}, make(chan int), struct{ F func() }{func() {}}, []func(){nil}} {
		for _, outer := range []any{v, map[string]any{"key": v}, []any{map[string]any{"key": []any{v}}}} {
			switch _, err := encodeSafely(codec, outer); {
			case err == nil:
				return fmt.Errorf("a %T inside a %T was accepted", v, outer)
			case errors.Is(err, errPanic):
				return fmt.Errorf("a %T inside a %T: %w", v, outer, err)
			}
		}
	}
	return nil
}

// ring is a struct that can contain itself.
type ring struct{ Next *ring }

func checkCyclic(codec encode.Codec) error {
	dict := map[string]any{}
	dict["self"] = dict
	list := make([]any, 1)
	list[0] = list
	between := map[string]any{"list": []any{nil}}
	between["list"].([]any)[0] = between
	pointers := &ring{}
	pointers.Next = pointers
	var loop any
	loop = &loop
	for _, v := range []any{dict, list, between, pointers, loop} {
		switch _, err := encodeSafely(codec, map[string]any{"key": v}); {
		case err == nil:
			return fmt.Errorf("a cyclic %T was accepted", v)
		case errors.Is(err, errPanic):
			return fmt.Errorf("a cyclic %T: %w", v, err)
		}
	}
	return nil
}

func checkDeep(codec encode.Codec) error {
	var list, dict any = "end", "end"
	for range 100_000 {
		list = []any{list}
		dict = map[string]any{"k": dict}
	}
	for _, v := range []any{list, dict} {
		data, err := encodeSafely(codec, v)
		if errors.Is(err, errPanic) {
			return err
		}
		if err != nil {
			continue
		}
		var back any
		if err := decodeSafely(codec, data, &back); err != nil {
			return fmt.Errorf("it was encoded, and could not be decoded: %w", err)
		}
		if err := same(v, back); err != nil {
			return err
		}
	}
	return nil
}

func checkConcurrent(codec encode.Codec) error {
	shared, err := encodeSafely(codec, sample())
	if err != nil {
		return err
	}
	var group sync.WaitGroup
	failed := make(chan error, 8)
	value := sample()
	for range cap(failed) {
		group.Go(func() {
			for range 100 {
				var back map[string]any
				if err := decodeSafely(codec, shared, &back); err != nil {
					failed <- err
					return
				}
				var own map[string]any
				if err := through(codec, value, &own); err != nil {
					failed <- err
					return
				}
				if err := errors.Join(same(value, back), same(value, own)); err != nil {
					failed <- err
					return
				}
			}
		})
	}
	group.Wait()
	close(failed)
	return <-failed
}

func checkDeterministic(codec encode.Codec) error {
	mapped := map[string]any{"ints": map[string]int{}, "numbered": map[int]string{}, "dict": large()}
	for i := range 20 {
		mapped["ints"].(map[string]int)[fmt.Sprint(i)] = i
		mapped["numbered"].(map[int]string)[i] = fmt.Sprint(i)
	}
	for _, v := range []any{sample(), large(), sampleUser(), mapped} {
		first, err := encodeSafely(codec, v)
		if err != nil {
			return err
		}
		for range 10 {
			next, err := encodeSafely(codec, v)
			if err != nil {
				return err
			}
			if !bytes.Equal(first, next) {
				return fmt.Errorf("a %T was encoded in two ways", v)
			}
		}
	}
	return nil
}
