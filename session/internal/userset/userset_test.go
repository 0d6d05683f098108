package userset_test

import (
	"bytes"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/pyramidgo/redissessions/session/internal/record"
	"github.com/pyramidgo/redissessions/session/internal/userset"
)

var noon = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

func format() record.Format { return record.NewNative(record.Config{Prefix: "s:"}) }

// member returns the member of a session with an ID that logged in at a time.
func member(id string, login time.Time) []byte {
	f := format()
	return f.Member(f.Address(id), login)
}

// read reads the entries of members as a caller does: is says what is at their keys.
func read(s *userset.Survey[string], is map[string]userset.Liveness, members ...[]byte) (entries []*userset.Entry[string]) {
	for _, m := range members {
		if e := s.Due(m); e != nil {
			e.Is = is[string(m)]
			if e.Is == userset.Moved {
				next := format().Address("next of " + string(m))
				e.Next = &next
			}
			entries = append(entries, e)
		}
	}
	return entries
}

func never(time.Time) bool { return false }

// An entry without a record is dead once it has been read twice, unless its login is young
// or a session with the same time of login lives.
func TestSurvey(t *testing.T) {
	live, gone, marker := member("live", noon), member("gone", noon.Add(time.Second)), member("moved", noon.Add(2*time.Second))
	renewal, odd := member("renewal", noon), []byte("odd")
	is := map[string]userset.Liveness{
		string(live): userset.Live, string(gone): userset.Gone, string(marker): userset.Moved, string(renewal): userset.Gone,
	}
	members := [][]byte{live, gone, marker, renewal, odd}
	for _, c := range []struct {
		name  string
		young func(time.Time) bool
		dead  [][]byte
	}{
		{"logins long ago", never, [][]byte{odd, odd, marker, gone}},
		{"young logins", func(time.Time) bool { return true }, [][]byte{odd, odd, marker}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := userset.Survey[string]{Format: format()}
			if !s.Again(read(&s, is, members...)) {
				t.Fatal("a marker and a missing record are no reason to list the set again")
			}
			second := read(&s, is, members...)
			if n := len(second); n != 2 { // gone and renewal
				t.Errorf("%d records are read again, want 2", n)
			}
			if s.Again(second) {
				t.Error("the set is listed a third time")
			}
			alive, dead := s.Result(c.young)
			if len(alive) != 1 || !reflect.DeepEqual(alive[0].Member, live) {
				t.Errorf("live are %v", alive)
			}
			slices.SortFunc(dead, bytes.Compare)
			slices.SortFunc(c.dead, bytes.Compare)
			if !reflect.DeepEqual(dead, c.dead) {
				t.Errorf("dead are %q, want %q", dead, c.dead)
			}
		})
	}
}

// A login counts the entries that it has found and the renewals of their sessions, and
// neither its own session nor later logins.
func TestEarlier(t *testing.T) {
	f := format()
	found, own, next := f.Address("found"), f.Address("own"), f.Address("next")
	earlier := userset.NewEarlier(own.Key)
	earlier.Add(f.Member(found, noon), found, noon, false)
	earlier.Add(f.Member(own, noon), own, noon, false)
	if earlier.Len() != 1 {
		t.Errorf("%d entries, want 1", earlier.Len())
	}
	counts := func(at record.Address, login time.Time) bool { return earlier.Counts(f.Member(at, login), at, login) }
	if !counts(found, noon) || counts(own, noon) || counts(next, noon) {
		t.Error("counted is not the entry that was found")
	}
	earlier.Note(&next, noon)
	if !counts(next, noon) || counts(next, noon.Add(time.Hour)) {
		t.Error("a marker leads to the renewal, and not to a later login under its ID")
	}
	var all *userset.Earlier
	if all.Note(&next, noon); !all.Counts(f.Member(own, noon), own, noon) {
		t.Error("a nil Earlier does not count everything")
	}
}

// Where a login in a session that is logged in is always admitted, another login counts the
// one that has replaced an entry it has found, by its marker or because a record has gone.
func TestEarlierAnyLogin(t *testing.T) {
	f := format()
	found, next, later := f.Address("found"), f.Address("next"), noon.Add(time.Hour)
	counts := func(e *userset.Earlier) bool { return e.Counts(f.Member(next, later), next, later) }
	for _, anyLogin := range []bool{true, false} {
		marked, left := userset.NewEarlier(), userset.NewEarlier()
		marked.AnyLogin, left.AnyLogin = anyLogin, anyLogin
		marked.Add(f.Member(found, noon), found, noon, false)
		left.Add(f.Member(found, noon), found, noon, true)
		if counts(marked) || counts(left) {
			t.Error("a later login counts")
		}
		marked.NoteGone(noon) // it has a marker, or has been logged out
		if counts(marked) {
			t.Error("with markers a later login counts because a session has gone")
		}
		if marked.Note(&next, noon); counts(marked) != anyLogin {
			t.Errorf("AnyLogin %v: the login that a marker leads to counts: %v", anyLogin, !anyLogin)
		}
		if left.NoteGone(noon); counts(left) != anyLogin {
			t.Errorf("AnyLogin %v: without markers a later login counts: %v", anyLogin, !anyLogin)
		}
	}
}

// Where a marker leads to is looked up when no entry of the next listing is there: the session
// has moved on, and the marker there leads to its entry.
func TestLinks(t *testing.T) {
	f := format()
	first, second, third := f.Address("first"), f.Address("second"), f.Address("third")
	before := userset.NewEarlier()
	before.Add(f.Member(first, noon), first, noon, false)
	s := userset.Survey[string]{Format: f, Before: before}
	e := s.Due(f.Member(first, noon))
	if len(s.Links()) != 0 {
		t.Error("there is a link before a marker was met")
	}
	e.Is, e.Next = userset.Moved, &second
	if !s.Again([]*userset.Entry[string]{e}) {
		t.Fatal("a marker is no reason to list the set again")
	}
	if s.Due(f.Member(third, noon)) != nil {
		t.Fatal("an entry counts to which no marker has led")
	}
	links := s.Links()
	if len(links) != 1 || links[0].At.Key != second.Key || !links[0].Login.Equal(noon) {
		t.Fatalf("the links are %v", links)
	}
	links[0].Is, links[0].Next = userset.Moved, &third
	if !s.Again(links) {
		t.Error("a marker at a link is no reason to list the set again")
	}
	last := s.Due(f.Member(third, noon))
	if last == nil || len(s.Links()) != 0 {
		t.Fatal("the entry to which two markers have led does not count, or is a link too")
	}
	last.Is = userset.Live
	if s.Again([]*userset.Entry[string]{last}) {
		t.Error("the set is listed again")
	}
	if live, dead := s.Result(never); len(live) != 1 || len(dead) != 1 {
		t.Errorf("%d live, %d dead, want one each", len(live), len(dead))
	}
	gone := &userset.Entry[string]{At: second, Login: noon, Is: userset.Gone}
	if s.Again([]*userset.Entry[string]{gone}) {
		t.Error("a link to a session that has ended is a reason to list the set again")
	}
}

// The handles of a session before and after a renewal are of one login.
func TestHandle(t *testing.T) {
	user := record.HashUser("session", "ada")
	before, after := userset.Handle(user, member("a", noon), noon), userset.Handle(user, member("b", noon), noon)
	later := userset.Handle(user, member("b", noon.Add(time.Millisecond)), noon.Add(time.Millisecond))
	if before == after || !userset.SameLogin(before, after) || userset.SameLogin(before, later) || userset.SameLogin(before, "") {
		t.Error(before, after, later)
	}
}

// Logins of one user at the same time get different times.
func TestLoginTimes(t *testing.T) {
	var times userset.LoginTimes
	ada, bob := record.HashUser("session", "ada"), record.HashUser("session", "bob")
	for i := range 3 {
		if got, want := times.Next(ada, noon), noon.Add(time.Duration(i)*time.Millisecond); !got.Equal(want) {
			t.Errorf("login %d is at %v, want %v", i, got, want)
		}
	}
	if got := times.Next(bob, noon); !got.Equal(noon) {
		t.Errorf("another user's login is at %v", got)
	}
	if put := noon.Add(-time.Hour); !times.Next(ada, put).Equal(put) {
		t.Error("after the clock was put back a login is ahead of it")
	}
}
