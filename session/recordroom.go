package session

import "sync"

// recordRoom is memory for a record. What was given to a store that did not
// succeed never comes back: it may still be on its way.
type recordRoom struct{ memory []byte }

// usualRecord is how large the memory for a record is at first.
const usualRecord = 4 << 10

var recordRooms = sync.Pool{New: func() any { return &recordRoom{make([]byte, 0, usualRecord)} }}

// noRoom is for stores that may keep what they are given.
var noRoom = &recordRoom{}

// room returns memory for the session's next record.
func (s *Session) room() *recordRoom {
	if _, ok := s.store.(RecordBorrower); !ok {
		return noRoom
	}
	return recordRooms.Get().(*recordRoom)
}

// giveBack lets other records have the memory of one that was written, or that
// was not used.
func (r *recordRoom) giveBack(memory []byte) {
	if r != noRoom {
		r.memory = memory[:0]
		recordRooms.Put(r)
	}
}
