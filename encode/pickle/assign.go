package pickle

import (
	"errors"
	"fmt"
	"maps"
	"math/big"
	"reflect"
	"slices"
	"time"

	"github.com/pyramidgo/redissessions/encode/internal/convert"
)

// rules are what package convert does not know: the types of this package. Both
// directions use the names of fields.
var rules = &convert.Rules{Tags: []string{"pickle", "json"}, Whole: isOneValue, Special: special}

// store puts a decoded value where target points.
func store(value any, target any) error {
	switch t := target.(type) {
	case *any:
		if t == nil {
			return errors.New("pickle: Unmarshal into a nil *any")
		}
		*t = value
		return nil
	case *map[string]any:
		if m, ok := value.(map[string]any); ok && t != nil {
			*t = m
			return nil
		}
	}
	if err := rules.Into(target, value); err != nil {
		return fmt.Errorf("pickle: %w", err)
	}
	return nil
}

// special converts the types of this package.
func special(dst reflect.Value, src any) (instead any, done bool, err error) {
	if src == nil {
		return nil, false, nil
	}
	v := reflect.ValueOf(src)
	if v.Type() == dst.Type() && dst.Type() != bigIntType {
		dst.Set(v)
		return nil, true, nil
	}
	if isOwnText(dst.Type()) {
		return nil, false, fmt.Errorf("a %T does not fit into a %v", src, dst.Type())
	}
	switch src := src.(type) {
	case ByteArray:
		return []byte(src), false, nil
	case Decimal, Surrogates:
		return nil, false, fmt.Errorf("a %T does not fit into a %v", src, dst.Type())
	case UUID:
		if v.CanConvert(dst.Type()) {
			dst.Set(v.Convert(dst.Type()))
			return nil, true, nil
		}
	case TimeDelta:
		if d, ok := src.Duration(); ok && dst.Type() == reflect.TypeFor[time.Duration]() {
			return int64(d), false, nil
		}
	case DateTime:
		if dst.Type() != reflect.TypeFor[time.Time]() {
			break
		}
		if src.Zone == nil {
			return nil, false, errors.New("a datetime without a zone is no instant; use a pickle.DateTime and its In method")
		}
		return src.In(nil), false, nil
	case map[string]any:
		if dst.Type() == reflect.TypeFor[Dict]() || dst.Type() == reflect.TypeFor[OrderedDict]() {
			return nil, setDict(dst, mapItems(src)), nil
		}
	case *Dict:
		return pairs(src.Items), setDict(dst, src.Items), nil
	case *OrderedDict:
		return pairs(src.Items), setDict(dst, src.Items), nil
	}
	return src, false, nil
}

var bigIntType = reflect.TypeFor[big.Int]()

// setDict stores items in dst when it is a dict of this package's.
func setDict(dst reflect.Value, items []Item) bool {
	switch dst.Type() {
	case reflect.TypeFor[Dict]():
		dst.Set(reflect.ValueOf(Dict{items}))
	case reflect.TypeFor[OrderedDict]():
		dst.Set(reflect.ValueOf(OrderedDict{items}))
	default:
		return false
	}
	return true
}

func pairs(items []Item) convert.Pairs {
	pairs := make(convert.Pairs, len(items))
	for i, item := range items {
		pairs[i] = convert.Pair{Key: item.Key, Value: item.Value}
	}
	return pairs
}

// isOwnText reports whether t is a string that means something else than text.
func isOwnText(t reflect.Type) bool {
	return t == reflect.TypeFor[Decimal]() || t == reflect.TypeFor[Surrogates]()
}

// isOneValue reports whether an embedded t is one value, because Python has a
// class for it, rather than more fields of the struct around it.
func isOneValue(t reflect.Type) bool {
	switch reflect.Zero(t).Interface().(type) {
	case DateTime, Date, Time, TimeDelta, Dict, OrderedDict:
		return true
	}
	return false
}

// mapItems returns the items of m, sorted by key.
func mapItems(m map[string]any) []Item {
	items := make([]Item, 0, len(m))
	for _, k := range slices.Sorted(maps.Keys(m)) {
		items = append(items, Item{k, m[k]})
	}
	return items
}
