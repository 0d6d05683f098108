package pickle

import "math/big"

// An object is a uuid.UUID between its making and BUILD, which gives it its
// value: nil until then.
type object struct{ value any }

func makeReconstructed(_ *machine, args []any) (any, error) {
	if len(args) == 3 && args[0] == any(uuidClass) && args[1] == any(objectClass) && args[2] == nil {
		return &object{}, nil
	}
	return nil, badArguments(reconstructor)
}

// build gives a UUID its value. Python adds is_safe to a UUID of its own
// making; it says how it was made, is no part of its value, and is dropped.
func build(target, state any) error {
	o, ok := target.(*object)
	d, isDict := state.(*mapping)
	if !ok || !isDict || o.value != nil {
		return malformed("an object that has no state is given one")
	}
	for i := 0; i < len(d.items); i += 2 {
		switch d.items[i] {
		case "int":
			u, err := newUUID(d.items[i+1])
			if err != nil {
				return err
			}
			o.value = u
		case "is_safe":
		default:
			return badArguments("UUID")
		}
	}
	if o.value == nil {
		return badArguments("UUID")
	}
	return nil
}

func newUUID(v any) (UUID, error) {
	var n *big.Int
	switch v := v.(type) {
	case int64:
		n = big.NewInt(v)
	case *big.Int:
		n = v
	}
	var u UUID
	if n == nil || n.Sign() < 0 || n.BitLen() > 8*len(u) {
		return u, badArguments("UUID")
	}
	n.FillBytes(u[:])
	return u, nil
}
