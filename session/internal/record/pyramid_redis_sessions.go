package record

import "time"

// pyramidRedisSessions is the envelope of pyramid_redis_sessions:
//
//	{'managed_dict': {...}, 'created': float, 'timeout': int}
type pyramidRedisSessions struct{ timeout time.Duration }

const pyramidRedisSessionsData = "managed_dict"

// longestTimeout stands for "no timeout". The package knows none: at every use
// of a session it sends EXPIRE with the timeout, and EXPIRE with 0 deletes.
const longestTimeout = 10 * 365 * 24 * time.Hour

// NewPyramidRedisSessions returns the format of pyramid_redis_sessions.
func NewPyramidRedisSessions(c Config) Format {
	e := pyramidRedisSessions{c.Timeout}
	e.timeout = e.Idle(e.timeout)
	return newPyramid(c, pyramidRedisSessionsData, e)
}

func (pyramidRedisSessions) read(members map[string]any) (m Meta, err error) {
	if m.Created, err = moment(members, "created"); err != nil {
		return m, err
	}
	m.Idle.Set = true
	if m.Idle.Duration, err = timeout(members, "timeout"); err == nil && m.Idle.Duration == 0 {
		err = badMember("timeout", "is 0, with which Python deletes a session at its next use")
	}
	return m, err
}

func (e pyramidRedisSessions) write(m Meta, members map[string]any) {
	// What Python wrote stays, to the last digit, unless it is in the future.
	if t, err := moment(members, "created"); err != nil || t.After(m.Created) {
		members["created"] = float64(m.Created.UnixMicro()) / 1e6
	}
	members["timeout"] = int64(m.Idle.Or(e.timeout) / time.Second)
}

func (pyramidRedisSessions) members() []string {
	return []string{pyramidRedisSessionsData, "created", "timeout"}
}

func (pyramidRedisSessions) Idle(d time.Duration) time.Duration {
	if d == 0 {
		return longestTimeout
	}
	return wholeSeconds(d)
}

func (pyramidRedisSessions) Expiry() (counts, written bool) { return false, false }
