package session

import (
	"fmt"
	"time"
)

// Format says whose sessions a Factory's are: its cookie, its Redis key and its
// record.
type Format int

const (
	// FormatNative is for sessions that only Go reads and writes. It is the
	// default.
	FormatNative Format = iota
	// FormatPyramidRedisSessions shares sessions with a Pyramid application
	// that uses pyramid_redis_sessions.
	FormatPyramidRedisSessions
	// FormatPyramidSessionRedis shares sessions with a Pyramid application
	// that uses pyramid_session_redis.
	FormatPyramidSessionRedis
)

// String returns the format's name in the settings.
func (f Format) String() string {
	switch f {
	case FormatNative:
		return "native"
	case FormatPyramidRedisSessions:
		return "pyramid_redis_sessions"
	case FormatPyramidSessionRedis:
		return "pyramid_session_redis"
	}
	return fmt.Sprintf("Format(%d)", int(f))
}

// format is how the sessions of one kind of application stand in Redis: where a
// record is, and what is in it. The functions are pure.
type format interface {
	address(id string) address
	// layout is how values are encoded.
	layout() layout
	// decode parses a record found at an address. A record that belongs to
	// another address is ErrCrossedReply, where the format can tell; one that
	// cannot be read is ErrUndecodable.
	decode(at address, record []byte) (snapshot, error)
	// encode writes the record for an address: the data of base with the
	// changes. It also returns the snapshot that a reader of it would get, which
	// may be part of the record.
	encode(at address, m meta, base dataset, changes []change) ([]byte, snapshot, error)
	// live is a guard that every live session begins with, or nil in a format
	// where a key holds a live session or nothing.
	live() []byte
	// marker returns what stays at a renewed session's old address, or nil in a
	// format that has no such thing: the old record is then removed.
	marker(at, successor address, m meta) []byte
	// idle returns what is kept of an idle timeout, in the format's own unit.
	idle(d time.Duration) time.Duration
	// expiry reports whether a time of expiry in a record counts, and whether
	// one is written, also where Redis keeps the time to live.
	expiry() (counts, written bool)
}

// snapshot is one stored state of a session, as a load found it or a save left
// it.
type snapshot struct {
	meta  meta
	data  dataset
	guard []byte // what Store.Replace compares
	whole []byte // the record, for a RecordComparer

	// successor is where the session went when it was renewed. Nothing else is
	// set then: the record at the old key is only a marker.
	successor *address
}

func newFormat(opts *Options) (format, error) {
	if opts.PythonExpires && opts.Format != FormatPyramidSessionRedis {
		return nil, optionError("PythonExpires", "only the format %s has room for it", FormatPyramidSessionRedis)
	}
	switch opts.Format {
	case FormatNative:
		return newNative(opts)
	case FormatPyramidRedisSessions:
		return newOriginal(opts)
	case FormatPyramidSessionRedis:
		return newFork(opts)
	}
	return nil, optionError("Format", "there is no %s", opts.Format)
}
