package pickle

// The defaults of [Limits]. They leave ample room for sessions, and a hostile
// record within them costs tens of megabytes at the very most.
const (
	DefaultInput     = 4 << 20
	DefaultDepth     = 512
	DefaultElements  = 1 << 17
	DefaultMemo      = 1 << 18
	DefaultIntDigits = 4300
	DefaultBytes     = 16 << 20
)

// Limits bound what one pickle may cost. A zero field means its default. All
// of them but Memo apply to writing too, so that what is written can be read.
type Limits struct {
	// Input is the length of the pickle, in bytes. The default is 4 MiB.
	Input int
	// Depth is how deeply values may be nested. The default is 512, somewhat
	// more than half of what Python's own pickler manages.
	Depth int
	// Elements is how many values there may be, the keys and the marks before the
	// contents of containers among them, a shared one counted as often as it is
	// referred to. The default is 131,072.
	Elements int
	// Memo is how many values a pickle may keep for later reference. The
	// default is 262,144.
	Memo int
	// IntDigits is how many decimal digits an int or a Decimal may have. The
	// default is 4,300, which is Python's own limit.
	IntDigits int
	// Bytes is the length of all strings and bytes together, a shared one
	// counted as often as it is referred to. The default is 16 MiB.
	Bytes int
}

func (l Limits) withDefaults() Limits {
	set := func(field *int, value int) {
		if *field <= 0 {
			*field = value
		}
	}
	set(&l.Input, DefaultInput)
	set(&l.Depth, DefaultDepth)
	set(&l.Elements, DefaultElements)
	set(&l.Memo, DefaultMemo)
	set(&l.IntDigits, DefaultIntDigits)
	set(&l.Bytes, DefaultBytes)
	return l
}

// intBytes is how many bytes of two's complement IntDigits digits need at most.
func (l *Limits) intBytes() int {
	// log2(10)/8 is a little less than 5/12.
	return l.IntDigits*5/12 + 2
}

// A budget counts down what Limits allow. Every loop of the reader that a
// hostile pickle could make long is paid for here.
type budget struct {
	limits          *Limits
	elements, bytes int
}

func newBudget(l *Limits) budget {
	return budget{limits: l, elements: l.Elements, bytes: l.Bytes}
}

func (b *budget) takeElements(n int) error {
	if n > b.elements {
		return exceeded("values", b.limits.Elements)
	}
	b.elements -= n
	return nil
}

func (b *budget) takeBytes(n int) error {
	if n > b.bytes {
		return exceeded("bytes of strings", b.limits.Bytes)
	}
	b.bytes -= n
	return nil
}
