package convert

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
)

// Field is one exported field of a struct, or of a struct embedded in it.
type Field struct {
	Name                string
	OmitEmpty, OmitZero bool
	Quoted              bool // encoding/json's option "string"

	tagged bool // the name is from a tag
	index  []int
}

// known caches FieldsOf by fieldsKey.
var known sync.Map

type fieldsKey struct {
	rules *Rules
	t     reflect.Type
}

type plan struct {
	fields []Field
	err    error
}

// FieldsOf names the fields as encoding/json does: by the tag, else by the Go
// name, with those of embedded structs among them. Two fields of one name at the
// same depth are an error, or left out with DropTwins. A struct that has fields but
// no exported one is an error.
func (r *Rules) FieldsOf(t reflect.Type) ([]Field, error) {
	key := fieldsKey{r, t}
	if p, ok := known.Load(key); ok {
		p, _ := p.(plan)
		return p.fields, p.err
	}
	var p plan
	p.fields, p.err = r.findFields(t)
	known.Store(key, p)
	return p.fields, p.err
}

func (r *Rules) findFields(t reflect.Type) ([]Field, error) {
	all := r.collect(t, nil, nil)
	var fields []Field
	for i, f := range all {
		rivals := 0 // of the same name, with the same claim to it
		hidden := false
		for j, g := range all {
			if i == j || g.Name != f.Name {
				continue
			}
			switch order := cmp.Or(cmp.Compare(len(f.index), len(g.index)), compareBool(g.tagged, f.tagged)); {
			case order > 0:
				hidden = true
			case order == 0:
				rivals++
			}
		}
		if !hidden && rivals == 0 {
			fields = append(fields, f)
		} else if !hidden && !r.DropTwins {
			return nil, fmt.Errorf("two fields of %v are called %q", t, f.Name)
		}
	}
	if len(fields) == 0 && t.NumField() > 0 {
		// big.Rat, sync.Mutex: an empty map would lose all there is, silently.
		return nil, fmt.Errorf("%v has no exported fields", t)
	}
	return fields, nil
}

// collect returns the fields of t and of the structs embedded in it, in their
// order. outer are the structs around t.
func (r *Rules) collect(t reflect.Type, index []int, outer []reflect.Type) []Field {
	if slices.Contains(outer, t) {
		return nil // embedded in itself, by a pointer
	}
	outer = append(slices.Clip(outer), t)
	var fields []Field
	taken := map[string]bool{}
	for i := range t.NumField() {
		f := t.Field(i)
		tag := r.tagOf(f)
		if tag == "-" {
			continue
		}
		at := append(slices.Clip(index), i)
		name, options, _ := strings.Cut(tag, ",")
		apart := name != ""
		if r.InOrder {
			apart = hasOption(options, "noinline")
		}
		embeds := f.Anonymous && r.isStruct(f.Type)
		if embeds && !apart {
			embedded := f.Type
			if embedded.Kind() == reflect.Pointer {
				embedded = embedded.Elem()
			}
			inner := r.collect(embedded, at, outer)
			isTaken := func(f Field) bool { return r.InOrder && taken[f.Name] }
			if hasOption(options, "inline") {
				inner = slices.DeleteFunc(inner, isTaken)
			}
			if !slices.ContainsFunc(inner, isTaken) {
				for _, f := range inner {
					taken[f.Name] = true
				}
				fields = append(fields, inner...)
				continue
			}
		}
		if written := f.IsExported() || r.InOrder && embeds; !written {
			continue
		}
		taken[cmp.Or(name, f.Name)] = true
		fields = append(fields, Field{
			Name: cmp.Or(name, f.Name), tagged: name != "", index: at,
			OmitEmpty: hasOption(options, "omitempty"), OmitZero: hasOption(options, "omitzero"), Quoted: hasOption(options, "string"),
		})
	}
	return fields
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// tagOf returns the first of the tags that the field has.
func (r *Rules) tagOf(f reflect.StructField) string {
	for _, key := range r.Tags {
		if tag, ok := f.Tag.Lookup(key); ok {
			return tag
		}
	}
	return ""
}

func hasOption(options, name string) bool {
	return slices.Contains(strings.Split(options, ","), name)
}

// isStruct reports whether the fields of an embedded t count as fields of the
// struct around it.
func (r *Rules) isStruct(t reflect.Type) bool {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || t == timeType || t == bigIntType {
		return false
	}
	return r.Whole == nil || !r.Whole(t)
}

// In returns the field of v, and false when an embedded pointer on the way to
// it is nil.
func (f Field) In(v reflect.Value) (reflect.Value, bool) {
	v, err := v.FieldByIndexErr(f.index)
	return v, err == nil
}

// settable returns the field of v to be set; embedded pointers on the way to
// it are made to point somewhere.
func (f Field) settable(v reflect.Value) (reflect.Value, bool) {
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
