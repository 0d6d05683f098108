// Package pickle reads and writes the pickles of Python sessions, so that a Go
// service and a Pyramid application can share them. Most callers need
// [Marshal] and [Unmarshal] only, which are an encode.Encoder and an
// encode.Decoder; [Codec] is the two together.
//
// Unpickling in Python runs whatever the pickle says. Here no code is ever
// run: the reader knows a list of opcodes and a list of classes, rebuilds those
// as Go values, and refuses everything else with an error, [ClassError] where a
// class is the reason. It reads protocols 0 to 5, of Python 2.7 too, and writes
// protocol 4 or, by [Encoder], 2 or 3, and 5 where that is what was read.
//
// # What a value becomes
//
// Reading into an any, and writing that again, gives back what Python wrote:
//
//	Python                     Go
//	None                       nil
//	bool                       bool
//	int                        int64, or *big.Int where that is too small
//	float                      float64
//	str                        string, or Surrogates where it is not text
//	bytes                      []byte
//	bytearray                  ByteArray
//	list                       []any
//	tuple                      Tuple
//	dict                       map[string]any, or *Dict where a key is not text
//	set, frozenset             Set, FrozenSet
//	collections.OrderedDict    *OrderedDict
//	datetime.datetime          time.Time with a zone, DateTime without one
//	datetime.date, time        Date, Time
//	datetime.timedelta         TimeDelta
//	decimal.Decimal            Decimal
//	uuid.UUID                  UUID
//
// Equality is kept, not identity: a list that Python referred to twice is two
// equal lists. A map[string]any has no order and is written with its keys sorted;
// OrderedDicts and *Dicts have Python's, and a [Decoder] with Ordered gives every
// dict as a *Dict.
//
// The bytes are those of CPython's pickle.dumps, memo and frames included: Python
// that loads a pickle from here and dumps the value again in the same protocol gets
// the same bytes, so that pyramid_session_redis finds no change where there is none.
// That holds for protocols 4 and 5 and Pythons 3.8 to 3.13, but for a set or a frozenset of
// several elements, which Python has in an order of hashes, and for several
// timedelta(0), which Python 3.13 has once.
//
// A datetime whose zone has a name, or which is the second of two equal wall
// clock times (fold=1), is a DateTime even with a zone, since time.Time would
// lose that. The str of Python 2 is a string when it is ASCII and a []byte when
// not; protocol 2 gives such bytes back to Python 2 as the str they were.
//
// Into any other type [Unmarshal] converts as long as nothing is lost: numbers
// exactly or not at all, a list or a tuple into a slice or an array of any
// type, a dict into a map or a struct, a timedelta into a time.Duration.
//
// Go values that Python has no part in are written as what comes closest: any
// integer as int, any slice or array as list, those of bytes as bytes, any map
// as dict with its keys sorted, a struct as dict of its exported fields, named
// by their "pickle" or "json" tags, with omitempty and omitzero, and a pointer
// as what it points to. A nil slice is an empty list and a nil map an empty
// dict; any other nil is None. A time.Time becomes an aware datetime in whole
// microseconds with the offset it has; Python 2 has no such zones, there a
// DateTime is the choice. A string that is not UTF-8, a func, a channel and a
// value that contains itself are errors that say where they are.
//
// # What is refused
//
//   - Every class and function that is not in the table: instances of an
//     application's classes, defaultdict, complex, pytz and zoneinfo zones.
//   - Persistent IDs, the extension registry, out-of-band buffers and opcodes
//     that call something (INST, OBJ, NEWOBJ_EX).
//   - Values that contain themselves, which no Go value should.
//   - What goes beyond [Limits]: size, depth, number of values with shared ones
//     counted each time, digits. No memory is set aside for what a length
//     merely claims.
//   - Bytes after the end.
//
// A cookie needs none of this; [ParseString] and [AppendString] know the pickle
// of a single str and no other.
package pickle
