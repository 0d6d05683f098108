package session

import (
	"errors"
	"time"
)

// original is the envelope of pyramid_redis_sessions:
//
//	{'managed_dict': {...}, 'created': float, 'timeout': int}
type original struct{ timeout time.Duration }

const originalData = "managed_dict"

// originalForever stands for "no timeout". The package knows none: at every use
// of a session it sends EXPIRE with the timeout, and EXPIRE with 0 deletes.
const originalForever = 10 * 365 * 24 * time.Hour

func newOriginal(opts *Options) (*pyramid, error) {
	var errs []error
	if opts.IdleTimeout == 0 {
		errs = append(errs, optionError("IdleTimeout", "pyramid_redis_sessions has no sessions without a timeout: its EXPIRE with 0 deletes them at once; set one"))
	}
	if opts.ExpiryInRecord {
		errs = append(errs, optionError("ExpiryInRecord", "pyramid_redis_sessions always gives its records a time to live, and has no other place for it"))
	}
	e := original{opts.IdleTimeout}
	e.timeout = e.idle(e.timeout)
	p, err := newPyramid(opts, originalData, e)
	return p, errors.Join(append(errs, err)...)
}

func (original) read(members map[string]any) (m meta, err error) {
	if m.created, err = moment(members, "created"); err != nil {
		return m, err
	}
	m.idle.set = true
	if m.idle.d, err = timeout(members, "timeout"); err == nil && m.idle.d == 0 {
		err = badMember("timeout", "is 0, with which Python deletes a session at its next use")
	}
	return m, err
}

func (e original) write(m meta, members map[string]any) {
	// What Python wrote stays, to the last digit, unless it is in the future.
	if t, err := moment(members, "created"); err != nil || t.After(m.created) {
		members["created"] = float64(m.created.UnixMicro()) / 1e6
	}
	members["timeout"] = int64(m.idle.or(e.timeout) / time.Second)
}

func (original) members() []string { return []string{originalData, "created", "timeout"} }

func (original) idle(d time.Duration) time.Duration {
	if d == 0 {
		return originalForever
	}
	return wholeSeconds(d)
}

func (original) expiry() (counts, written bool) { return false, false }
