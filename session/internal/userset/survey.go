package userset

import (
	"bytes"
	"time"

	"github.com/pyramidgo/redissessions/session/internal/record"
)

// Entry is an entry of a set, and what is at its record's key. T is what the caller keeps of
// a live session.
type Entry[T any] struct {
	Member []byte
	At     record.Address
	Login  time.Time
	Is     Liveness
	Next   *record.Address // where a marker leads to
	Info   T               // of a live session
	misses int
	beside bool // a session with the same time of login lived when there was no record
}

// Liveness is what is at the key of an entry's record.
type Liveness int

// Unread is an entry whose record has not been read.
const (
	Unread Liveness = iota
	Live            // a session
	Moved           // a marker: the session has another entry
	Gone            // there is no session at the key
	Odd             // it cannot be read; it may be a session
)

// ByLogin orders entries by their login, the earliest first, and by their members.
func ByLogin[T any](a, b *Entry[T]) int {
	if c := a.Login.Compare(b.Login); c != 0 {
		return c
	}
	return bytes.Compare(a.Member, b.Member)
}

// Survey sorts the entries of a set into those of live sessions and dead ones. Its caller
// lists the set, reads the records of the entries for which Due returns an Entry, and of those
// of Links, sets what they are, and begins again while Again says so.
//
// An entry without a record is not always dead. A login and a renewal add the entry and the
// record at once, and a renewal closes the old record after that. So:
//
//   - a young entry may be that of a login whose record is yet to come: it is left alone;
//   - where a session with the same time of login lives, the entry may be that of its renewal,
//     whose record is yet to come: it is left alone;
//   - otherwise the session may have been renewed before its record was read, as where there is a
//     marker: its next entry is in the set by now, and the set is listed again. An entry
//     that has no record the second time either is dead.
type Survey[T any] struct {
	// Format reads the members.
	Format interface {
		OfMember(member []byte) (at record.Address, login time.Time, ok bool)
	}
	// Before are the entries that count. Nil is all of them.
	Before *Earlier

	known  map[string]*Entry[T]
	listed map[string]bool // the keys of the entries of the present listing
	odd    [][]byte
}

// Due returns the entry of a member whose record is to be read, or nil.
func (s *Survey[T]) Due(member []byte) *Entry[T] {
	at, login, ok := s.Format.OfMember(member)
	if !ok {
		if !record.IsMember(member) { // or it is that of a session in another format
			s.odd = append(s.odd, member)
		}
		return nil
	}
	if s.Before != nil {
		if s.listed == nil {
			s.listed = map[string]bool{}
		}
		s.listed[at.Key] = true
	}
	if !s.Before.Counts(member, at, login) {
		return nil
	}
	e := s.known[string(member)]
	if e == nil {
		e = &Entry[T]{Member: member, At: at, Login: login}
		if s.known == nil {
			s.known = map[string]*Entry[T]{}
		}
		s.known[string(member)] = e
	}
	if e.Is == Unread || e.Is == Gone && e.misses < 2 {
		return e
	}
	return nil
}

// Links returns an Entry, without a member, for each address that a marker has led to and that
// has no entry in the listing which Due has seen. The entry was there before the marker, and it
// goes with the record: the session has moved on, and its record is a marker too, or has ended.
func (s *Survey[T]) Links() (entries []*Entry[T]) {
	if s.Before == nil {
		return nil // every entry counts, wherever a marker leads to
	}
	for _, l := range s.Before.links {
		if !s.listed[l.at.Key] {
			entries = append(entries, &Entry[T]{At: l.at, Login: l.login})
		}
	}
	s.Before.links, s.listed = nil, nil
	return entries
}

// Again takes the entries whose records have been read, and reports whether the set must be
// listed again.
func (s *Survey[T]) Again(read []*Entry[T]) (again bool) {
	living := map[time.Time]bool{}
	for _, e := range s.known {
		if e.Is == Live {
			living[e.Login] = true
		}
	}
	for _, e := range read {
		switch {
		case e.Is == Moved:
			s.Before.Note(e.Next, e.Login)
			again = true
		case e.Is == Gone && e.Member != nil && !living[e.Login]:
			s.Before.NoteGone(e.Login)
			e.misses++
			again = again || e.misses < 2
		case e.Is == Gone && e.Member != nil && s.Before != nil:
			// The session that lives may be another one, which logged in at the same time.
			s.Before.NoteGone(e.Login)
			again = again || !e.beside
			e.beside = true
		}
	}
	return again
}

// Result returns the entries of live sessions, and the members that are to be removed. An
// entry in neither may be that of a login or a renewal under way. young reports whether a
// login at that time may still be under way.
func (s *Survey[T]) Result(young func(login time.Time) bool) (live []*Entry[T], dead [][]byte) {
	dead = s.odd
	for _, e := range s.known {
		switch {
		case e.Is == Live:
			live = append(live, e)
		case e.Is == Moved, e.Is == Gone && e.misses >= 2 && !young(e.Login):
			dead = append(dead, e.Member)
		}
	}
	return live, dead
}
