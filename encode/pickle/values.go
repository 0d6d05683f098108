package pickle

import "strings"

// The functions here make the dates and Decimals of the allow-list.

// state returns the bytes of a date's state. Python 2 writes a str for them,
// and Python 3 takes it as Latin-1, so this does too.
func (m *machine) state(v any) ([]byte, error) {
	switch v := v.(type) {
	case rawBytes:
		return v, nil
	case string:
		return m.latin1(v)
	}
	return nil, malformed("a date has no state")
}

// stateAndZone splits the arguments of a time or a datetime.
func (m *machine) stateAndZone(args []any) ([]byte, *Zone, error) {
	var zone *Zone
	switch len(args) {
	case 1:
	case 2:
		if args[1] == nil {
			break
		}
		z, ok := args[1].(*Zone)
		if !ok {
			return nil, nil, malformed("a time has an unusual zone")
		}
		zone = z
	default:
		return nil, nil, malformed("a time has no state")
	}
	b, err := m.state(args[0])
	return b, zone, err
}

func makeDate(m *machine, args []any) (any, error) {
	if len(args) != 1 {
		return nil, badArguments("datetime.date")
	}
	b, err := m.state(args[0])
	if err != nil {
		return nil, err
	}
	return parseDate(b)
}

func makeDateTime(m *machine, args []any) (any, error) {
	b, zone, err := m.stateAndZone(args)
	if err != nil {
		return nil, err
	}
	return parseDateTime(b, zone)
}

func makeTime(m *machine, args []any) (any, error) {
	b, zone, err := m.stateAndZone(args)
	if err != nil {
		return nil, err
	}
	return parseTime(b, zone)
}

func makeTimeDelta(_ *machine, args []any) (any, error) {
	var parts [3]int64
	if len(args) > len(parts) {
		return nil, badArguments("datetime.timedelta")
	}
	for i, a := range args {
		n, ok := a.(int64)
		if !ok {
			return nil, badArguments("datetime.timedelta")
		}
		parts[i] = n
	}
	return newTimeDelta(parts[0], parts[1], parts[2])
}

func makeTimeZone(_ *machine, args []any) (any, error) {
	if len(args) < 1 || len(args) > 2 {
		return nil, badArguments("datetime.timezone")
	}
	offset, ok := args[0].(TimeDelta)
	if !ok {
		return nil, badArguments("datetime.timezone")
	}
	z := &Zone{Offset: offset}
	if len(args) == 2 {
		// Python allows an empty name, which nobody gives and Zone cannot tell
		// from none.
		if z.Name, ok = args[1].(string); !ok || z.Name == "" {
			return nil, badArguments("datetime.timezone")
		}
	}
	return z, z.check()
}

func makeDecimal(m *machine, args []any) (any, error) {
	if len(args) != 1 {
		return nil, badArguments("decimal.Decimal")
	}
	s, ok := args[0].(string)
	if !ok {
		return nil, badArguments("decimal.Decimal")
	}
	if len(s) > m.limits.IntDigits {
		return nil, exceeded("digits in a Decimal", m.limits.IntDigits)
	}
	return Decimal(s), Decimal(s).check()
}

// check accepts what Python's str(Decimal) writes.
func (d Decimal) check() error {
	s := strings.TrimPrefix(string(d), "-")
	const digits = "0123456789"
	for _, word := range [...]string{"sNaN", "NaN"} {
		if diagnostic, ok := strings.CutPrefix(s, word); ok && strings.Trim(diagnostic, digits) == "" {
			return nil
		}
	}
	if s == "Infinity" {
		return nil
	}
	number, exponent, hasExponent := strings.Cut(s, "E")
	if hasExponent {
		exponent = strings.TrimPrefix(strings.TrimPrefix(exponent, "+"), "-")
		// 18 digits is as far as Python's exponents go.
		if exponent == "" || len(exponent) > 18 || strings.Trim(exponent, digits) != "" {
			return malformed("a Decimal is not a number")
		}
	}
	whole, fraction, hasPoint := strings.Cut(number, ".")
	if whole == "" || hasPoint && fraction == "" || strings.Trim(whole+fraction, digits) != "" {
		return malformed("a Decimal is not a number")
	}
	return nil
}
