package pickle_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/pyramidgo/redissessions/encode/pickle"
)

func TestRefused(t *testing.T) {
	const anything = ""
	for _, c := range []struct{ name, data, part string }{
		{"nothing", "", "cut short"},
		{"no STOP", "N", "cut short"},
		{"nothing on the stack", ".", "stack is empty"},
		{"only a mark", "(.", "stack is empty"},
		{"a value below a mark", "N(.", "stack is empty"},
		{"bytes after STOP", "N.N", "follow"},
		{"protocol 6", "\x80\x06N.", "protocol 6"},
		{"PROTO in the middle", "\x80\x02\x80\x02N.", "start"},
		{"unknown opcode", "\xff.", "opcode 0xff"},
		{"PERSID", "Pabc\n.", "PERSID"},
		{"BINPERSID", "NQ.", "BINPERSID"},
		{"EXT1", "\x82\x01.", "EXT1"},
		{"EXT2", "\x83\x01\x00.", "EXT2"},
		{"EXT4", "\x84\x01\x00\x00\x00.", "EXT4"},
		{"INST of a class that is not read", "(iapp.models\nUser\n.", "app.models.User"},
		{"INST of a class that is", "(idatetime\ndate\n.", "INST"},
		{"OBJ", "(cdatetime\ndate\no.", "OBJ"},
		{"NEWOBJ_EX", "\x80\x04cuuid\nUUID\n)}\x92.", "NEWOBJ_EX"},
		{"NEXT_BUFFER", "\x80\x05\x97.", "NEXT_BUFFER"},
		{"READONLY_BUFFER", "\x80\x05N\x98.", "READONLY_BUFFER"},
		{"DUP", "N2.", "DUP"},
		{"POP", "NN0.", "POP"},
		{"POP_MARK", "N(1.", "POP_MARK"},
		{"a class", "cdatetime\ndate\n.", "datetime.date"},
		{"a class in a list", "](cdatetime\ndate\ne.", "datetime.date"},
		{"a timezone by itself", "cdatetime\ntimezone\n(cdatetime\ntimedelta\n(tRtR.", "datetime.timezone"},
		{"a class by two str", "\x80\x04\x8c\x08builtins\x8c\x07getattr\x93.", "builtins.getattr"},
		{"a class by numbers", "\x80\x04K\x01K\x02\x93.", "no name"},
		{"a name with dots", "\x80\x04\x8c\x08datetime\x8c\x0fdatetime.utcnow\x93)R.", "datetime.datetime.utcnow"},
		{"zoneinfo", "czoneinfo\nZoneInfo._unpickle\n.", "zoneinfo.ZoneInfo._unpickle"},
		{"pytz", "cpytz\n_UTC\n(tR.", "pytz._UTC"},
		{"a call of a str", "Vx\n)R.", "not a class"},
		{"a call without a tuple", "cdatetime\ndate\n]R.", "not a class"},
		{"a call of object", "c__builtin__\nobject\n)R.", "not made this way"},
		{"NEWOBJ of a date", "\x80\x02cdatetime\ndate\n)\x81.", "not made this way"},
		{"BUILD of a dict", "}}b.", "state"},
		{"BUILD without UUID's int", "\x80\x02cuuid\nUUID\n)\x81}b.", "UUID"},
		{"BUILD with something else", "\x80\x02cuuid\nUUID\n)\x81}X\x01\x00\x00\x00xK\x01sb.", "UUID"},
		{"BUILD with a list", "\x80\x02cuuid\nUUID\n)\x81}X\x03\x00\x00\x00int]sb.", "UUID"},
		{"UUID below zero", "\x80\x02cuuid\nUUID\n)\x81}X\x03\x00\x00\x00intJ\xff\xff\xff\xffsb.", "UUID"},
		{"UUID without BUILD", "\x80\x02cuuid\nUUID\n)\x81.", "UUID"},
		{"_reconstructor of another class", "ccopy_reg\n_reconstructor\n(c__builtin__\nset\nc__builtin__\nobject\nNtR.", "_reconstructor"},
		{"encode by another codec", "c_codecs\nencode\n(Vx\nVrot13\ntR.", "_codecs.encode"},
		{"encode beyond Latin-1", "c_codecs\nencode\n(V\\u20ac\nVlatin1\ntR.", "Latin-1"},
		{"bytes of an int", "cbuiltins\nbytes\n(K\x05tR.", "bytes"},
		{"bytearray of an int", "cbuiltins\nbytearray\n(K\x05tR.", "bytearray"},
		{"a set of a str", "cbuiltins\nset\n(Vabc\ntR.", "set"},
		{"a set of lists", "\x80\x04\x8f(]\x90.", "hashed"},
		{"a signaling NaN in a set", "\x80\x04\x8f(cdecimal\nDecimal\nVsNaN\n\x85R\x90.", "hashed"},
		{"a list as a key", "}]Ns.", "hashed"},
		{"a tuple with a dict as a key", "}(}tNs.", "hashed"},
		{"a month 13", "cdatetime\ndate\n(U\x04\x07\xe8\x0d\x01tR.", "out of range"},
		{"February 30", "cdatetime\ndate\n(U\x04\x07\xe8\x02\x1etR.", "out of range"},
		{"a short date", "cdatetime\ndate\n(U\x03\x07\xe8\x02tR.", "3 bytes"},
		{"hour 24", "cdatetime\ntime\n(U\x06\x18\x00\x00\x00\x00\x00tR.", "out of range"},
		{"a datetime with another zone", "cdatetime\ndatetime\n(U\x0a\x07\xe8\x02\x01\x00\x00\x00\x00\x00\x00Vutc\ntR.", "zone"},
		{"a zone a day off", "cdatetime\ntimezone\n(cdatetime\ntimedelta\n(K\x01tRtR.", "UTC"},
		{"a timedelta without end", "cdatetime\ntimedelta\n(J\xff\xff\xff\x7ftR.", "out of range"},
		{"a timedelta of floats", "cdatetime\ntimedelta\n(F1.5\ntR.", "timedelta"},
		{"a Decimal that is none", "cdecimal\nDecimal\n(V1,5\ntR.", "Decimal"},
		{"a Decimal of nothing", "cdecimal\nDecimal\n(V\ntR.", "Decimal"},
		{"an OrderedDict of numbers", "ccollections\nOrderedDict\n((K\x01tR.", anything},
		{"an OrderedDict of triples", "ccollections\nOrderedDict\n(](NNNtatR.", "OrderedDict"},
		{"a str that is not UTF-8", "\x80\x02X\x02\x00\x00\x00\xff\xfe.", "UTF-8"},
		{"an escape cut short", "V\\u12\n.", "cut short"},
		{"an escape beyond Unicode", "V\\U00110000\n.", "character"},
		{"a str without quotes", "Sabc\n.", "quotes"},
		{"an int with a space", "I 1\n.", "number"},
		{"an int in hex", "I0x10\n.", "number"},
		{"an int with a plus", "I+1\n.", "number"},
		{"a float in hex", "F0x1p-2\n.", "number"},
		{"a float with an underscore", "F1_0.0\n.", "number"},
		{"nothing in the memo", "h\x05.", "kept"},
		{"nothing in the memo in between", "Np3\ng2\n.", anything},
		{"SETITEM on a list", "]NNs.", "cannot hold"},
		{"APPEND to a dict", "}Na.", "cannot hold"},
		{"APPEND to a tuple", ")Na.", "cannot hold"},
		{"APPEND below a mark", "](Na.", "empty"},
		{"SETITEMS of one", "}(Nu.", "no value"},
		{"DICT of three", "(NNNd.", "no value"},
		{"TUPLE without a mark", "Nt.", "no mark"},
		{"TUPLE2 of one", "\x80\x02N\x86.", "empty"},
		{"a list in itself", "]q\x00h\x00a.", "contains itself"},
		{"a dict in itself", "}q\x00Vx\nh\x00s.", "contains itself"},
		{"a list in its tuple", "]q\x00(h\x00ta.", "contains itself"},
	} {
		var v any
		err := pickle.Unmarshal([]byte(c.data), &v)
		if err == nil {
			t.Errorf("%s: read as %#v", c.name, v)
			continue
		}
		if !strings.Contains(err.Error(), c.part) || !strings.HasPrefix(err.Error(), "pickle: ") {
			t.Errorf("%s: %v does not say %q", c.name, err, c.part)
		}
		var class *pickle.ClassError
		if !errors.Is(err, pickle.ErrMalformed) && !errors.Is(err, pickle.ErrCycle) && !errors.As(err, &class) {
			t.Errorf("%s: %v is of no kind", c.name, err)
		}
	}
}

// What Python would read too, though its pickler does not write it.
func TestRead(t *testing.T) {
	for _, c := range []struct {
		data string
		want any
	}{
		{"K\x01K\x02.", int64(2)}, // the rest of the stack is dropped
		{"I01\n.", true},
		{"I00\n.", false},
		{"I1\n.", int64(1)},
		{"L-5L\n.", int64(-5)},
		{"L5\n.", int64(5)},
		{"\x80\x02\x8a\x00.", int64(0)},
		{"\x80\x02\x8a\x01\xff.", int64(-1)},
		{"\x80\x02\x8a\x09\xff\xff\xff\xff\xff\xff\xff\xff\xff.", int64(-1)},
		{"Np1\ng1\n.", nil},
		{"Nr\x03\x00\x00\x00j\x03\x00\x00\x00.", nil},
		{"S\"it's \\\"x\\\" \\x41\\n\\\\\"\n.", "it's \"x\" A\n\\"},
		{"S'\\xe9'\n.", []byte{0xe9}},
		{"V\\\\u0041\\\n.", "\\\\u0041\\"},
		{"V\xe9\\u20ac\\U0001f600\n.", "é€😀"},
		{"V\\ud83d\\ude00\n.", pickle.Surrogates("\xed\xa0\xbd\xed\xb8\x80")},
		{"(NNd.", &pickle.Dict{Items: []pickle.Item{{Key: nil, Value: nil}}}},
		{"(Va\nI1\nVa\nI2\nd.", map[string]any{"a": int64(2)}},
		{"}(K\x01NI01\nK\x05u.", &pickle.Dict{Items: []pickle.Item{{Key: int64(1), Value: int64(5)}}}},
		{"\x80\x04\x8f(K\x01\x88G?\xf0\x00\x00\x00\x00\x00\x00\x90.", pickle.Set{int64(1)}},
		{"\x80\x04\x8f(cdecimal\nDecimal\nV-NaN1\n\x85q\x00Rcdecimal\nDecimal\nh\x00R\x90.", pickle.Set{pickle.Decimal("-NaN1"), pickle.Decimal("-NaN1")}},
		{"}X\x04\x00\x00\x00a\xed\xa0\x80Ns.", &pickle.Dict{Items: []pickle.Item{{Key: pickle.Surrogates("a\xed\xa0\x80"), Value: nil}}}},
		{"ccollections\nOrderedDict\n(]](K\x01NeatR.", &pickle.OrderedDict{Items: []pickle.Item{{Key: int64(1), Value: nil}}}},
	} {
		var v any
		if err := pickle.Unmarshal([]byte(c.data), &v); err != nil || !reflect.DeepEqual(v, c.want) {
			t.Errorf("%q: got %#v, %v, want %#v", c.data, v, err, c.want)
		}
	}
}

// A list that Python refers to twice is two lists: what a handler does to one
// is not done to the other.
func TestSharedValuesAreCopies(t *testing.T) {
	var v map[string]any
	data := "}(Va\n](K\x01eq\x00Vb\nh\x00Vc\nC\x01xq\x01Vd\nh\x01u."
	if err := pickle.Unmarshal([]byte(data), &v); err != nil {
		t.Fatal(err)
	}
	v["a"].([]any)[0] = "changed"
	v["c"].([]byte)[0] = 'y'
	if !reflect.DeepEqual(v["b"], []any{int64(1)}) || string(v["d"].([]byte)) != "x" {
		t.Errorf("got %v", v)
	}
}
