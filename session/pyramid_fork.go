package session

import (
	"errors"
	"time"
)

// fork is the envelope of pyramid_session_redis:
//
//	{'m': {...}, 'c': created, 'v': 1, 'x': expires, 't': timeout}
//
// All but the data are ints, in seconds. There is no t for a session that never
// times out, and an x only with python_expires.
type fork struct {
	timeout       time.Duration
	writesExpires bool
}

const (
	forkData    = "m"
	forkVersion = 1
)

func newFork(opts *Options) (*pyramid, error) {
	var errs []error
	if opts.ExpiryInRecord && !opts.PythonExpires && opts.IdleTimeout > 0 {
		errs = append(errs, optionError("ExpiryInRecord", "it keeps the timeout in the record, and without PythonExpires it is not there either: no session would ever time out; set PythonExpires, or no IdleTimeout"))
	}
	e := fork{wholeSeconds(opts.IdleTimeout), opts.PythonExpires}
	p, err := newPyramid(opts, forkData, e)
	return p, errors.Join(append(errs, err)...)
}

func (fork) read(members map[string]any) (m meta, err error) {
	if v, ok := number(members["v"]); !ok || v != forkVersion {
		return m, badMember("v", "is not the version 1")
	}
	if m.created, err = moment(members, "c"); err != nil {
		return m, err
	}
	m.idle.set = true
	if members["t"] != nil {
		if m.idle.d, err = timeout(members, "t"); err != nil {
			return m, err
		}
	}
	if members["x"] != nil {
		m.expires, err = moment(members, "x")
	}
	return m, err
}

func (e fork) write(m meta, members map[string]any) {
	members["c"] = ceilSeconds(m.created)
	members["v"] = int64(forkVersion)
	delete(members, "t")
	if idle := m.idle.or(e.timeout); idle > 0 {
		members["t"] = int64(idle / time.Second)
	}
	delete(members, "x")
	if e.writesExpires && !m.expires.IsZero() {
		members["x"] = ceilSeconds(m.expires)
	}
}

func (fork) members() []string { return []string{forkData, "c", "v", "x", "t"} }

func (fork) idle(d time.Duration) time.Duration { return wholeSeconds(d) }

func (e fork) expiry() (counts, written bool) { return true, e.writesExpires }
