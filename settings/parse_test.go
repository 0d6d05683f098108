package settings

import "testing"

func TestParseDefaults(t *testing.T) {
	o, err := Parse(Map{"redis.sessions.secret": "0123456789abcdef0123456789abcdef"})
	if err != nil {
		t.Fatal(err)
	}
	if o.Port != 6379 || o.Timeout.Minutes() != 20 || len(o.Warnings) != 0 {
		t.Errorf("%+v", o)
	}
	t.Logf("%+v", o)
}
