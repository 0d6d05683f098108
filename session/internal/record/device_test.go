package record

import (
	"strings"
	"testing"
	"time"
)

// TestDevice: a header keeps what it is told of the device, at every length, and its front
// tells the rest. A header that is cut short, or whose length is wrong, cannot be read.
func TestDevice(t *testing.T) {
	n := NewNative(Config{Prefix: "session:"})
	at := n.Address("an ID")
	login := time.UnixMilli(1_800_000_000_123).UTC()
	for _, size := range []int{0, 1, 173, 300, 619, MaxDevice} {
		m := Meta{Created: login, Login: Login{User: UserHash{1}, At: login, Lease: login, Device: strings.Repeat("d", size)}}
		raw, _, err := n.Encode(at, m, n.Layout().open(nil), nil)
		if err != nil {
			t.Fatal(err)
		}
		s, err := n.Decode(at, raw)
		if err != nil || s.Meta.Login != m.Login {
			t.Errorf("%d bytes: %+v, %v", size, s.Meta.Login, err)
		}
		front := raw[:min(len(raw), n.Front())]
		look, err := n.LookAt(at, front)
		if err != nil || look.Login.At != login || len(look.Login.Device) != size {
			t.Errorf("%d bytes, the front: %+v, %v", size, look.Login, err)
		}
		for cut := range len(raw) {
			if s, err := n.Decode(at, raw[:cut]); err == nil && s.Meta.Login != m.Login {
				t.Errorf("%d bytes, cut at %d: it is read", size, cut)
			}
		}
		if size == 0 {
			continue
		}
		guard := n.LiveBound()
		if string(raw[:len(guard)]) != string(guard) {
			t.Errorf("%d bytes: the record does not begin with LiveBound", size)
		}
		for _, length := range []int{0, MaxDevice + 1, 0xffff} {
			raw[loginHeaderLen], raw[loginHeaderLen+1] = byte(length>>8), byte(length)
			if _, err := n.Decode(at, raw); err == nil {
				t.Errorf("a length of %d is read", length)
			}
		}
	}
}
