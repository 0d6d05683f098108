package session

// format is how the sessions of one kind of application stand in Redis: where a
// record is, and what is in it. The functions are pure.
type format interface {
	address(id string) address
	// layout is how values are encoded.
	layout() layout
	// decode parses a record found at an address. A record that belongs to
	// another address is ErrCrossedReply, where the format can tell; one that
	// cannot be read is ErrUndecodable.
	decode(at address, record []byte) (*snapshot, error)
	// encode writes the record for an address: the data of base with the
	// changes. It also returns the snapshot that a reader of it would get.
	encode(at address, m meta, base dataset, changes []change) ([]byte, *snapshot, error)
	// live is a guard that every live session begins with.
	live() []byte
	// marker returns what stays at a renewed session's old address, or nil in a
	// format that has no such thing: the old record is then removed.
	marker(at, successor address, m meta) []byte
}

// snapshot is one stored state of a session, as a load found it or a save left
// it.
type snapshot struct {
	meta  meta
	data  dataset
	guard []byte // what Store.Replace compares

	// successor is where the session went when it was renewed. Nothing else is
	// set then: the record at the old key is only a marker.
	successor *address
}
