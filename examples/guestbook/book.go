package main

import (
	"slices"
	"sync"
	"time"
)

const (
	maxEntries = 100 // older entries give way
	maxName    = 40  // characters
	maxMessage = 500
)

// entry is what somebody wrote.
type entry struct {
	Name    string
	Message string
	At      time.Time
}

// book keeps the newest entries, in memory: they are gone when the program
// ends. Only sessions are in Redis.
type book struct {
	mu      sync.Mutex
	entries []entry
}

func (b *book) add(e entry) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.entries = append(b.entries, e)
	if extra := len(b.entries) - maxEntries; extra > 0 {
		b.entries = slices.Delete(b.entries, 0, extra)
	}
}

// newestFirst returns a copy of the entries.
func (b *book) newestFirst() []entry {
	b.mu.Lock()
	defer b.mu.Unlock()
	entries := slices.Clone(b.entries)
	slices.Reverse(entries)
	return entries
}
