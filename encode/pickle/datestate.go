package pickle

// Python pickles its dates as a few bytes of state, most significant first:
// year (2), month, day | hour, minute, second, microsecond (3). A date has the
// left part, a time the right one, a datetime both.

const (
	dateState     = 4
	timeState     = 6
	datetimeState = dateState + timeState
)

func appendDateState(b []byte, d Date) []byte {
	return append(b, byte(d.Year>>8), byte(d.Year), byte(d.Month), byte(d.Day))
}

func appendTimeState(b []byte, t Time) []byte {
	return append(b, byte(t.Hour), byte(t.Minute), byte(t.Second),
		byte(t.Microsecond>>16), byte(t.Microsecond>>8), byte(t.Microsecond))
}

func parseDate(state []byte) (Date, error) {
	if len(state) != dateState {
		return Date{}, malformed("the state of a date has %d bytes", len(state))
	}
	d := Date{Year: int(state[0])<<8 | int(state[1]), Month: int(state[2]), Day: int(state[3])}
	return d, d.check()
}

func parseTime(state []byte, zone *Zone) (Time, error) {
	if len(state) != timeState {
		return Time{}, malformed("the state of a time has %d bytes", len(state))
	}
	t := Time{
		Hour: int(state[0] &^ foldBit), Minute: int(state[1]), Second: int(state[2]),
		Microsecond: int(state[3])<<16 | int(state[4])<<8 | int(state[5]),
		Fold:        int(state[0] / foldBit),
		Zone:        zone,
	}
	return t, t.check()
}

func parseDateTime(state []byte, zone *Zone) (DateTime, error) {
	if len(state) != datetimeState {
		return DateTime{}, malformed("the state of a datetime has %d bytes", len(state))
	}
	// Here it is the month that carries the fold.
	date, err := parseDate([]byte{state[0], state[1], state[2] &^ foldBit, state[3]})
	if err != nil {
		return DateTime{}, err
	}
	if state[4]&foldBit != 0 {
		return DateTime{}, malformed("a time is out of range")
	}
	t, err := parseTime(state[dateState:], zone)
	if err != nil {
		return DateTime{}, err
	}
	return DateTime{
		Year: date.Year, Month: date.Month, Day: date.Day,
		Hour: t.Hour, Minute: t.Minute, Second: t.Second, Microsecond: t.Microsecond,
		Fold: int(state[2] / foldBit), Zone: zone,
	}, nil
}

func (d DateTime) date() Date { return Date{d.Year, d.Month, d.Day} }

func (d DateTime) time() Time {
	return Time{Hour: d.Hour, Minute: d.Minute, Second: d.Second, Microsecond: d.Microsecond, Fold: d.Fold, Zone: d.Zone}
}
