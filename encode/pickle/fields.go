package pickle

import (
	"fmt"
	"math/big"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"
)

// A field is one exported field of a struct, or of a struct embedded in it.
type field struct {
	name                string
	index               []int
	omitEmpty, omitZero bool
}

// known caches fieldsOf by reflect.Type.
var known sync.Map

type plan struct {
	fields []field
	err    error
}

// fieldsOf names the fields as encoding/json does: by the tag, else by the Go
// name, with those of embedded structs among them. The tag "pickle" goes
// before "json".
func fieldsOf(t reflect.Type) ([]field, error) {
	if p, ok := known.Load(t); ok {
		p, _ := p.(plan)
		return p.fields, p.err
	}
	var p plan
	p.fields, p.err = findFields(t)
	known.Store(t, p)
	return p.fields, p.err
}

func findFields(t reflect.Type) ([]field, error) {
	var fields []field
	depths := map[string]int{}
	var closed [][]int // embedded structs that are fields of their own
	for _, f := range reflect.VisibleFields(t) {
		if within(f.Index, closed) {
			continue
		}
		name, options := tagOf(f)
		if name == "-" && options == "" {
			closed = append(closed, f.Index)
			continue
		}
		if f.Anonymous && name == "" && isStruct(f.Type) {
			continue // its fields follow
		}
		if f.Anonymous && isStruct(f.Type) {
			closed = append(closed, f.Index)
		}
		if !f.IsExported() {
			continue
		}
		if name == "" {
			name = f.Name
		}
		depth := len(f.Index)
		if before, ok := depths[name]; ok {
			if before == depth {
				return nil, fmt.Errorf("%w: two fields of %v are called %q", ErrUnsupported, t, name)
			}
			if before < depth {
				continue
			}
			fields = slices.DeleteFunc(fields, func(f field) bool { return f.name == name })
		}
		depths[name] = depth
		fields = append(fields, field{
			name: name, index: f.Index,
			omitEmpty: hasOption(options, "omitempty"), omitZero: hasOption(options, "omitzero"),
		})
	}
	if len(fields) == 0 && t.NumField() > 0 {
		// big.Rat, sync.Mutex: an empty dict would lose all there is, silently.
		return nil, fmt.Errorf("%w: %v has no exported fields", ErrUnsupported, t)
	}
	return fields, nil
}

func tagOf(f reflect.StructField) (name, options string) {
	tag, ok := f.Tag.Lookup("pickle")
	if !ok {
		tag = f.Tag.Get("json")
	}
	name, options, _ = strings.Cut(tag, ",")
	return name, options
}

func hasOption(options, name string) bool {
	return slices.Contains(strings.Split(options, ","), name)
}

// isStruct reports whether the fields of an embedded t count as fields of the
// struct around it. Those that Python has a class for are one value.
func isStruct(t reflect.Type) bool {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch reflect.Zero(t).Interface().(type) {
	case time.Time, big.Int, DateTime, Date, Time, TimeDelta, Dict, OrderedDict:
		return false
	}
	return t.Kind() == reflect.Struct
}

func within(index []int, closed [][]int) bool {
	for _, c := range closed {
		if len(index) > len(c) && slices.Equal(index[:len(c)], c) {
			return true
		}
	}
	return false
}

// in returns the field of v, and false when an embedded pointer on the way to
// it is nil.
func (f field) in(v reflect.Value) (reflect.Value, bool) {
	v, err := v.FieldByIndexErr(f.index)
	return v, err == nil
}

// settable returns the field of v to be set; embedded pointers on the way to
// it are made to point somewhere.
func (f field) settable(v reflect.Value) (reflect.Value, bool) {
	for i, x := range f.index {
		if i > 0 && v.Kind() == reflect.Pointer {
			if v.IsNil() {
				if !v.CanSet() {
					return reflect.Value{}, false // embedded, unexported, nil
				}
				v.Set(reflect.New(v.Type().Elem()))
			}
			v = v.Elem()
		}
		v = v.Field(x)
	}
	return v, true
}
