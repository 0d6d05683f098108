package session

import "context"

// CountEntries returns how many entries the index of a user has.
func CountEntries(f *Factory, user string) int {
	p, err := f.place(f.store)
	if err != nil {
		panic(err)
	}
	state, err := p.index.IndexList(context.Background(), f.setKey(f.userHash(user)))
	if err != nil {
		panic(err)
	}
	return len(state.Entries)
}
