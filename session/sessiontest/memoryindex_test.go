package sessiontest_test

import (
	"context"
	"maps"
	"runtime"
	"time"

	"github.com/pyramidgo/redissessions/session"
)

var (
	_ session.UserIndex      = (*memory)(nil)
	_ session.IndexShortener = (*memory)(nil)
)

// set is an index of sessions.
type set struct {
	epoch   session.Epoch
	members map[string]time.Time
	stays   time.Time // zero for a set that is never dropped
}

func (m *memory) set(key string) *set {
	if m.sets == nil {
		m.sets = map[string]*set{}
	}
	if m.sets[key] == nil {
		m.sets[key] = &set{epoch: session.NoEpoch, members: map[string]time.Time{}}
	}
	return m.sets[key]
}

func (s *set) state() session.IndexState {
	state := session.IndexState{Epoch: s.epoch}
	for member, until := range s.members {
		state.Entries = append(state.Entries, session.IndexEntry{Member: []byte(member), Until: until})
	}
	return state
}

// IndexAdd goes by the clock that the times of members are taken from. m.now stands still.
func (m *memory) IndexAdd(ctx context.Context, key string, member []byte, until time.Time, seen session.Epoch) (session.IndexState, error) {
	leave, err := m.enter(ctx)
	if err != nil {
		return session.IndexState{}, err
	}
	defer leave()
	s, now := m.set(key), time.Now()
	maps.DeleteFunc(s.members, func(_ string, until time.Time) bool { return !until.IsZero() && until.Before(now) })
	if before, ok := s.members[string(member)]; !ok || !before.IsZero() && (until.IsZero() || until.After(before)) {
		s.members[string(member)] = until
	}
	s.stays = time.Time{}
	if seen != session.AnyEpoch && s.epoch != session.NoEpoch && s.epoch != seen {
		return s.state(), session.ErrEnded
	}
	return s.state(), nil
}

func (m *memory) IndexRemove(ctx context.Context, key string, members ...[]byte) error {
	leave, err := m.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	for _, member := range members {
		delete(m.set(key).members, string(member))
	}
	return nil
}

func (m *memory) IndexList(ctx context.Context, key string) (session.IndexState, error) {
	leave, err := m.enter(ctx)
	if err != nil {
		return session.IndexState{}, err
	}
	defer leave()
	return m.set(key).state(), nil
}

func (m *memory) IndexClose(ctx context.Context, key string, next session.Epoch, _ time.Duration) (session.IndexState, error) {
	leave, err := m.enter(ctx)
	if err != nil {
		return session.IndexState{}, err
	}
	defer leave()
	s := m.set(key)
	s.epoch, s.stays = next, time.Time{}
	return s.state(), nil
}

func (m *memory) IndexShorten(ctx context.Context, key string, keep time.Duration) error {
	leave, err := m.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	if s := m.set(key); s.epoch != session.NoEpoch && len(s.members) == 0 {
		s.stays = time.Now().Add(keep)
	}
	return nil
}

// brokenIndex breaks one rule of session.UserIndex or session.IndexShortener.
type brokenIndex struct {
	*memory
	add     func(m *memory, key string, member []byte, until time.Time, seen session.Epoch) (session.IndexState, error)
	remove  func(m *memory, key string, members [][]byte) error
	list    func(m *memory, key string) (session.IndexState, error)
	close   func(m *memory, key string, next session.Epoch) (session.IndexState, error)
	shorten func(m *memory, key string, keep time.Duration)
}

func (b brokenIndex) IndexAdd(ctx context.Context, key string, member []byte, until time.Time, seen session.Epoch) (session.IndexState, error) {
	if b.add != nil && ctx.Err() == nil {
		return b.add(b.memory, key, member, until, seen)
	}
	return b.memory.IndexAdd(ctx, key, member, until, seen)
}

func (b brokenIndex) IndexRemove(ctx context.Context, key string, members ...[]byte) error {
	if b.remove != nil && ctx.Err() == nil {
		return b.remove(b.memory, key, members)
	}
	return b.memory.IndexRemove(ctx, key, members...)
}

func (b brokenIndex) IndexList(ctx context.Context, key string) (session.IndexState, error) {
	if b.list != nil && ctx.Err() == nil {
		return b.list(b.memory, key)
	}
	return b.memory.IndexList(ctx, key)
}

func (b brokenIndex) IndexClose(ctx context.Context, key string, next session.Epoch, keep time.Duration) (session.IndexState, error) {
	if b.close != nil && ctx.Err() == nil {
		return b.close(b.memory, key, next)
	}
	return b.memory.IndexClose(ctx, key, next, keep)
}

func (b brokenIndex) IndexShorten(ctx context.Context, key string, keep time.Duration) error {
	if b.shorten != nil && ctx.Err() == nil {
		b.shorten(b.memory, key, keep)
		return nil
	}
	return b.memory.IndexShorten(ctx, key, keep)
}

// indexes are named after a case of the suite that must catch them.
var indexes = map[string]brokenIndex{
	"index-absent": {list: func(m *memory, key string) (session.IndexState, error) {
		m.mu.Lock()
		defer m.mu.Unlock()
		if len(m.set(key).members) == 0 {
			return session.IndexState{}, session.ErrNotFound
		}
		return m.set(key).state(), nil
	}},
	"index-add": {add: func(m *memory, key string, member []byte, until time.Time, seen session.Epoch) (session.IndexState, error) {
		return m.IndexAdd(context.Background(), key, member, until.Truncate(time.Second), seen)
	}},
	"index-add-longer": {add: func(m *memory, key string, member []byte, until time.Time, seen session.Epoch) (session.IndexState, error) {
		_ = m.IndexRemove(context.Background(), key, member)
		return m.IndexAdd(context.Background(), key, member, until, seen)
	}},
	"index-add-lapsed": {add: func(m *memory, key string, member []byte, until time.Time, _ session.Epoch) (session.IndexState, error) {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.set(key).members[string(member)] = until
		return m.set(key).state(), nil
	}},
	"index-remove": {remove: func(m *memory, key string, members [][]byte) error {
		m.mu.Lock()
		defer m.mu.Unlock()
		for _, member := range members {
			if _, ok := m.set(key).members[string(member)]; !ok {
				return session.ErrNotFound
			}
			delete(m.set(key).members, string(member))
		}
		return nil
	}},
	"index-close": {close: func(m *memory, key string, next session.Epoch) (session.IndexState, error) {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.set(key).epoch = max(m.set(key).epoch, next)
		return m.set(key).state(), nil
	}},
	"index-ended": {add: func(m *memory, key string, member []byte, until time.Time, seen session.Epoch) (session.IndexState, error) {
		if seen == session.NoEpoch {
			seen = session.AnyEpoch
		}
		return m.IndexAdd(context.Background(), key, member, until, seen)
	}},
	"index-concurrent": {add: func(m *memory, key string, member []byte, until time.Time, seen session.Epoch) (session.IndexState, error) {
		before, _ := m.IndexList(context.Background(), key)
		runtime.Gosched() // another comes between
		_, err := m.IndexAdd(context.Background(), key, member, until, seen)
		before.Entries = append(before.Entries, session.IndexEntry{Member: member, Until: until})
		return before, err
	}},
	"index-expiry": {add: func(m *memory, key string, member []byte, until time.Time, seen session.Epoch) (session.IndexState, error) {
		state, err := m.IndexAdd(context.Background(), key, member, until, seen)
		m.mu.Lock()
		defer m.mu.Unlock()
		m.set(key).stays = until
		return state, err
	}},
	"index-shorten": {shorten: func(m *memory, key string, keep time.Duration) {
		_ = m.IndexShorten(context.Background(), key, keep/1000) // seconds for milliseconds
	}},
	"index-shorten-epoch": {shorten: func(m *memory, key string, keep time.Duration) {
		_ = m.IndexShorten(context.Background(), key, keep)
		m.mu.Lock()
		defer m.mu.Unlock()
		m.set(key).epoch = session.NoEpoch
	}},
	"index-shorten-members": {shorten: func(m *memory, key string, keep time.Duration) {
		m.mu.Lock()
		defer m.mu.Unlock()
		if s := m.set(key); s.epoch != session.NoEpoch && len(s.members) == 0 || len(s.members) == 1 {
			s.stays = time.Now().Add(keep) // one member, the epoch or a session
		}
	}},
	"index-shorten-absent": {shorten: func(m *memory, key string, keep time.Duration) {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.set(key).stays = time.Now().Add(keep)
	}},
	"index-shorten-concurrent": {shorten: func(m *memory, key string, keep time.Duration) {
		before, _ := m.IndexList(context.Background(), key)
		for range 1000 { // a member comes between
			if now, _ := m.IndexList(context.Background(), key); len(now.Entries) > 0 {
				break
			}
			runtime.Gosched()
		}
		m.mu.Lock()
		defer m.mu.Unlock()
		if before.Epoch != session.NoEpoch && len(before.Entries) == 0 {
			m.set(key).stays = time.Now().Add(keep)
		}
	}},
}
