package pickle

import (
	"math/big"
)

// A resolver makes plain Go values of what the machine left. It walks them as
// a tree, so that no two parts of the result share memory, and pays for every
// value it comes by: a small pickle in which lists hold one another twice, and
// so on, thirty deep, costs its budget and no more.
type resolver struct {
	budget  budget
	ordered bool // every dict is a *Dict
}

func (r *resolver) resolve(v any, depth int) (any, error) {
	if err := r.budget.takeElements(1); err != nil {
		return nil, err
	}
	switch v := v.(type) {
	case string:
		return v, r.budget.takeBytes(len(v))
	case Surrogates:
		return v, r.budget.takeBytes(len(v))
	case Decimal:
		return v, r.budget.takeBytes(len(v))
	case rawBytes:
		if err := r.budget.takeBytes(len(v)); err != nil {
			return nil, err
		}
		return append([]byte{}, v...), nil
	case rawByteArray:
		if err := r.budget.takeBytes(len(v)); err != nil {
			return nil, err
		}
		return append(ByteArray{}, v...), nil
	case *big.Int:
		if err := r.budget.takeBytes(v.BitLen() / 8); err != nil {
			return nil, err
		}
		return new(big.Int).Set(v), nil
	case DateTime:
		return v.detached(r)
	case Time:
		var err error
		v.Zone, err = v.Zone.detached(r)
		return v, err
	case *Zone:
		return nil, &ClassError{Class: "datetime.timezone"}
	case *class:
		return nil, &ClassError{Class: v.name}
	case *object:
		if v.value == nil {
			return nil, malformed("a UUID has no value")
		}
		return v.value, nil
	case *sequence:
		return r.sequence(v, depth)
	case *mapping:
		return r.mapping(v, depth)
	}
	return v, nil
}

func (r *resolver) sequence(s *sequence, depth int) (any, error) {
	if s.open {
		return nil, ErrCycle
	}
	if depth <= 0 {
		return nil, exceeded("levels of nesting", r.budget.limits.Depth)
	}
	s.open = true
	items := make([]any, 0, len(s.items))
	for i, item := range s.items {
		v, err := r.resolve(item, depth-1)
		if err != nil {
			return nil, atIndex(i, err)
		}
		items = append(items, v)
	}
	s.open = false
	switch s.kind {
	case kindTuple:
		return Tuple(items), nil
	case kindSet:
		items, err := r.unique(items)
		return Set(items), err
	case kindFrozenSet:
		items, err := r.unique(items)
		return FrozenSet(items), err
	default:
		return items, nil
	}
}

func (r *resolver) mapping(d *mapping, depth int) (any, error) {
	if d.open {
		return nil, ErrCycle
	}
	if depth <= 0 {
		return nil, exceeded("levels of nesting", r.budget.limits.Depth)
	}
	d.open = true
	defer func() { d.open = false }()
	if d.kind == kindDict && !r.ordered && onlyStrings(d.items) {
		return r.stringMap(d, depth)
	}
	items := make([]Item, 0, len(d.items)/2)
	index := make(map[string]int, len(d.items)/2)
	for i := 0; i < len(d.items); i += 2 {
		key, err := r.resolve(d.items[i], depth-1)
		if err != nil {
			return nil, err
		}
		value, err := r.resolve(d.items[i+1], depth-1)
		if err != nil {
			return nil, atKey(key, err)
		}
		k, err := r.key(key)
		if err != nil {
			return nil, err
		}
		if at, ok := index[k]; ok && !hasNaN(key) {
			items[at].Value = value // the key stays the first one, as in Python
			continue
		}
		index[k] = len(items)
		items = append(items, Item{key, value})
	}
	if d.kind == kindOrderedDict {
		return &OrderedDict{items}, nil
	}
	return &Dict{items}, nil
}

func onlyStrings(items []any) bool {
	for i := 0; i < len(items); i += 2 {
		if _, ok := items[i].(string); !ok {
			return false
		}
	}
	return true
}

func (r *resolver) stringMap(d *mapping, depth int) (any, error) {
	m := make(map[string]any, len(d.items)/2)
	for i := 0; i < len(d.items); i += 2 {
		key, _ := d.items[i].(string)
		if err := r.budget.takeElements(1); err != nil {
			return nil, err
		}
		if err := r.budget.takeBytes(len(key)); err != nil {
			return nil, err
		}
		value, err := r.resolve(d.items[i+1], depth-1)
		if err != nil {
			return nil, atKey(key, err)
		}
		m[key] = value
	}
	return m, nil
}

// unique leaves out elements that equal an earlier one.
func (r *resolver) unique(items []any) ([]any, error) {
	seen := make(map[string]bool, len(items))
	kept := items[:0]
	for _, item := range items {
		k, err := r.key(item)
		if err != nil {
			return nil, err
		}
		if seen[k] && !hasNaN(item) {
			continue
		}
		seen[k] = true
		kept = append(kept, item)
	}
	return kept, nil
}

// key is keyOf, paid for: sets in sets in sets take it of the same values again.
func (r *resolver) key(v any) (string, error) {
	k, err := keyOf(v)
	if err != nil {
		return "", malformed("a value that cannot be hashed is a dict key or in a set")
	}
	return k, r.budget.takeBytes(len(k))
}

func (d DateTime) detached(r *resolver) (any, error) {
	var err error
	if d.Zone, err = d.Zone.detached(r); err != nil {
		return nil, err
	}
	return d.aware(), nil
}

// detached copies a zone that may be shared.
func (z *Zone) detached(r *resolver) (*Zone, error) {
	if z == nil {
		return nil, nil
	}
	if err := r.budget.takeBytes(len(z.Name)); err != nil {
		return nil, err
	}
	z = &Zone{Offset: z.Offset, Name: z.Name}
	return z, nil
}
