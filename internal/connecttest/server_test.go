package connecttest

import "testing"

// Another process may be given the port that was free a moment ago. Its server
// answers just as well.
func TestPingKnowsItsServer(t *testing.T) {
	ours, other := RedisServer(t), RedisServer(t)
	if err := ours.ping(t.Context()); err != nil {
		t.Error(err)
	}
	late := *ours
	late.Port = other.Port
	if err := late.ping(t.Context()); err == nil {
		t.Error("another server was taken for the one that was started")
	}
}
