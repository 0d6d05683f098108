package record

import "time"

// pyramidSessionRedis is the envelope of pyramid_session_redis:
//
//	{'m': {...}, 'c': created, 'v': 1, 'x': expires, 't': timeout}
//
// All but the data are ints, in seconds. There is no t for a session that never
// times out, and an x only with python_expires.
type pyramidSessionRedis struct {
	timeout       time.Duration
	writesExpires bool
}

const (
	pyramidSessionRedisData    = "m"
	pyramidSessionRedisVersion = 1
)

// NewPyramidSessionRedis returns the format of pyramid_session_redis.
func NewPyramidSessionRedis(c Config) Format {
	return newPyramid(c, pyramidSessionRedisData, pyramidSessionRedis{wholeSeconds(c.Timeout), c.Expires})
}

func (pyramidSessionRedis) read(members map[string]any) (m Meta, err error) {
	if v, ok := number(members["v"]); !ok || v != pyramidSessionRedisVersion {
		return m, badMember("v", "is not the version 1")
	}
	if m.Created, err = moment(members, "c"); err != nil {
		return m, err
	}
	m.Idle.Set = true
	if members["t"] != nil {
		if m.Idle.Duration, err = timeout(members, "t"); err != nil {
			return m, err
		}
	}
	if members["x"] != nil {
		m.Expires, err = moment(members, "x")
	}
	return m, err
}

func (e pyramidSessionRedis) write(m Meta, members map[string]any) {
	members["c"] = ceilSeconds(m.Created)
	members["v"] = int64(pyramidSessionRedisVersion)
	delete(members, "t")
	if idle := m.Idle.Or(e.timeout); idle > 0 {
		members["t"] = int64(idle / time.Second)
	}
	delete(members, "x")
	if e.writesExpires && !m.Expires.IsZero() {
		members["x"] = ceilSeconds(m.Expires)
	}
}

func (pyramidSessionRedis) members() []string {
	return []string{pyramidSessionRedisData, "c", "v", "x", "t"}
}

func (pyramidSessionRedis) Idle(d time.Duration) time.Duration { return wholeSeconds(d) }

func (e pyramidSessionRedis) Expiry() (counts, written bool) { return true, e.writesExpires }
