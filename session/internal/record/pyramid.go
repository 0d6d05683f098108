package record

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/pyramidgo/redissessions/encode"
	"github.com/pyramidgo/redissessions/encode/pickle"
)

// pyramid is the format of records that a Pyramid application reads and writes
// too: one Python dict, encoded whole, with the session's data as one member
// and what is known about the session as the others. The key is the ID.
//
// Python compares nothing before it writes, so that no field of the record can name
// its state: the guard is the whole record. There are no markers either.
type pyramid struct {
	values   dictLayout
	envelope envelope
	// What the codec writes decides what can be as Python writes it.
	pickle, json bool
	like         bool // pickles have the protocol of the record before
	limits       pickle.Limits
	prefix       string // of the IDs of Go; Python may have none
}

var _ Format = (*pyramid)(nil)

// envelope is what one of the two Python packages writes around the data.
type envelope interface {
	// read takes from a decoded record what it says beside the data.
	read(members map[string]any) (Meta, error)
	// write puts it there.
	write(m Meta, members map[string]any)
	// members are the names of all that the package writes, in its order.
	members() []string
	// Idle returns what is kept of an idle timeout.
	Idle(d time.Duration) time.Duration
	// Expiry is format.expiry.
	Expiry() (counts, written bool)
}

func newPyramid(c Config, member string, e envelope) *pyramid {
	p := &pyramid{envelope: e, limits: picklesOf(c.MaxBytes), prefix: c.Prefix}
	if p.like = c.Codec.Encode == nil || builtInName(c.Codec) == "pickle"; c.Codec.Encode == nil {
		c.Codec = encode.Codec{Encode: pickle.Encoder{Limits: p.limits}.Marshal, Decode: pickle.Decoder{Limits: p.limits}.Unmarshal}
	}
	p.values = dictLayout{c.Codec, member}
	p.pickle, p.json = writesOrder(c.Codec), writesJSON(c.Codec)
	return p
}

// picklesOf returns limits that allow records of that size.
func picklesOf(size int) pickle.Limits {
	return pickle.Limits{Input: max(size, pickle.DefaultInput), Bytes: max(size, pickle.DefaultBytes)}
}

func (p *pyramid) Address(id string) Address { return Address{Key: id} }

func (p *pyramid) Layout() Layout { return p.values }

func (p *pyramid) Live() []byte { return nil }

func (p *pyramid) Marker(_, _ Address, _ Meta) []byte { return nil }

func (p *pyramid) Idle(d time.Duration) time.Duration { return p.envelope.Idle(d) }

func (p *pyramid) Expiry() (counts, written bool) { return p.envelope.Expiry() }

// Decode cannot tell whether the record belongs to the address: nothing in it
// says so.
func (p *pyramid) Decode(_ Address, record []byte) (s Snapshot, err error) {
	if err := guardsWhole(record); err != nil {
		return s, err
	}
	members, err := p.values.decodeMap(record)
	if err != nil {
		return s, err
	}
	m, err := p.envelope.read(members)
	if err != nil {
		return s, err
	}
	d := &dictData{layout: p.values, body: record}
	if d.values, d.others, err = splitDict(members[p.values.member]); err != nil {
		return s, err
	}
	login, isTombstone := takeLogin(d.values)
	if isTombstone {
		return Snapshot{Guard: record, Whole: record, Ended: true}, nil
	}
	delete(members, p.values.member)
	m.Members, m.Login = members, login
	return Snapshot{Meta: m, Data: d, Guard: record, Whole: record}, nil
}

func (p *pyramid) Encode(_ Address, m Meta, base Data, changes []Change) ([]byte, Snapshot, error) {
	d := base.(*dictData) // of this format's own layout
	values, err := d.merged(changes)
	if err != nil {
		return nil, Snapshot{}, err
	}
	members := maps.Clone(m.Members)
	if members == nil {
		members = map[string]any{}
	}
	p.envelope.write(m, members)
	kept, err := p.envelope.read(members)
	if err != nil {
		return nil, Snapshot{}, err
	}
	kept.MaxAge, kept.Members, kept.Login = m.MaxAge, members, m.Login
	putLogin(values, m.Login)
	whole := maps.Clone(members)
	whole[p.values.member] = joinDict(values, d.others)
	record, err := p.encodeAsPython(whole, values, d)
	if err != nil {
		return nil, Snapshot{}, err
	}
	if err := guardsWhole(record); err != nil {
		return nil, Snapshot{}, err
	}
	return record, Snapshot{Meta: kept, Data: p.values.open(record), Guard: record, Whole: record}, nil
}

// encodeAsPython encodes a record as the Python package would encode what it reads
// from it, as far as the codec is one of Python's.
func (p *pyramid) encodeAsPython(whole, values map[string]any, prior *dictData) ([]byte, error) {
	names := p.envelope.members()
	switch {
	case p.pickle:
		var old any
		if prior.body != nil {
			// What has been read can be read again.
			_ = pickle.Decoder{Limits: p.limits, Ordered: true}.Unmarshal(prior.body, &old)
		}
		dict := membersInOrder(whole, names, old)
		if oldDict, ok := old.(*pickle.Dict); ok && len(prior.others) > 0 {
			oldData, _ := oldDict.Get(p.values.member)
			if d, ok := oldData.(*pickle.Dict); ok {
				dict.Set(p.values.member, dictInOrder(values, prior.others, d))
			}
		}
		if p.like && prior.body != nil {
			return p.values.wrapped(pickle.Encoder{Limits: p.limits}.MarshalLike(dict, prior.body))
		}
		return p.values.Encode(dict)
	case p.json:
		record, err := p.values.Encode(whole)
		if err != nil {
			return nil, err
		}
		return asPythonWrites(record, names, orderedJSON(prior.body)), nil
	}
	return p.values.Encode(whole)
}

// guardsWhole refuses a record that Store.Replace would take for a revision. No
// codec writes one that short: the names of the members alone are longer in most.
func guardsWhole(record []byte) error {
	if NamesRevision(record) {
		return fmt.Errorf("%w: it has %d bytes, which is too short for a session", ErrUndecodable, len(record))
	}
	return nil
}

// splitDict takes a Python dict apart: the items that a Session reaches, and
// those whose keys are not text.
func splitDict(dict any) (values map[string]any, others []pickle.Item, err error) {
	switch dict := dict.(type) {
	case map[string]any:
		if dict == nil {
			break
		}
		return dict, nil, nil
	case *pickle.Dict:
		values = map[string]any{}
		for _, item := range dict.Items {
			if key, ok := item.Key.(string); ok {
				values[key] = item.Value
			} else {
				others = append(others, item)
			}
		}
		return values, others, nil
	}
	return nil, nil, fmt.Errorf("%w: it holds no dict of data: it was written by something else, or in another format", ErrUndecodable)
}

// joinDict is the reverse of splitDict.
func joinDict(values map[string]any, others []pickle.Item) any {
	if len(others) == 0 {
		return values
	}
	dict := &pickle.Dict{Items: slices.Clip(others)}
	for _, key := range slices.Sorted(maps.Keys(values)) {
		dict.Items = append(dict.Items, pickle.Item{Key: key, Value: values[key]})
	}
	return dict
}
