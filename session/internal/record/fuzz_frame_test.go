package record

import (
	"bytes"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// FuzzFrame changes whatever passes for a frame, and compares the outcome with
// a map that was changed alike.
func FuzzFrame(f *testing.F) {
	one := appendEntry(nil, "k", []byte{tagTrue})
	two := appendEntry(one, strings.Repeat("long", 50), []byte("\x0ftext"))
	for _, body := range [][]byte{nil, one, two, appendEntry(one, "k", []byte{tagNil}), appendEntry(nil, "", []byte{tagNil}), two[:len(two)-1], {0xff, 0xff, 0xff}, {1, 'k', 0}} {
		f.Add(body, "k", []byte("\x0fnew"), false)
		f.Add(body, "other", []byte("\x0fnew"), true)
	}
	f.Fuzz(func(t *testing.T, body []byte, key string, value []byte, remove bool) {
		fr, err := checkFrame(body)
		if err != nil {
			if fr != nil {
				t.Error("a frame beside the error")
			}
			return
		}
		want, index := map[string]string{}, fr.index()
		for _, k := range fr.Keys() {
			v, _, ok := fr.find(k)
			if !ok || len(v) == 0 {
				t.Fatalf("%q is listed and cannot be found", k)
			}
			want[k] = string(v)
			if at := index[k]; string(fr[at.start:at.end]) != string(v) {
				t.Fatalf("%q is %q by the index, %q by a walk", k, fr[at.start:at.end], v)
			}
		}
		if len(index) != len(want) {
			t.Fatalf("%d keys in the index, want %d", len(index), len(want))
		}
		if len(value) == 0 {
			return // values have a tag
		}
		c := Change{Key: key, Present: !remove, Encoded: value}
		if remove {
			delete(want, key)
		} else {
			want[key] = string(value)
		}
		patched, err := fr.patch(nil, []Change{c})
		if err != nil {
			t.Fatal(err)
		}
		changed, err := checkFrame(patched)
		if err != nil {
			t.Fatalf("the changed frame: %v", err)
		}
		got := map[string]string{}
		for _, k := range changed.Keys() {
			v, _, _ := changed.find(k)
			got[k] = string(v)
		}
		if !maps.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

// FuzzHeader: what a header says survives being read and written.
func FuzzHeader(f *testing.F) {
	at := addressOf(testPrefix, "id")
	f.Add(appendHeader(nil, kindLazy, at, Meta{}))
	for _, device := range []string{"", "d"} {
		f.Add(appendHeader(nil, kindLazy, at, Meta{Login: Login{At: time.UnixMilli(1).UTC(), Device: device}}))
	}
	f.Add(appendHeader(nil, kindMarker, at, Meta{Idle: Override{true, 1}, MaxAge: Override{true, MaxCookieAge}}))
	f.Add(append([]byte(magic+"l"), slices.Concat(make([]byte, 8), at.hash[:8], bytes.Repeat([]byte{0xff}, 8), bytes.Repeat([]byte{0x7f}, 24))...))
	f.Fuzz(func(t *testing.T, record []byte) {
		kind, m, body, err := parseHeader(at, record)
		if err != nil {
			return
		}
		if m.Idle.Duration < 0 || m.MaxAge.Duration < 0 {
			t.Errorf("negative durations: %v", m)
		}
		again := append(appendHeader(nil, kind, at, m), body...)
		kind2, m2, body2, err := parseHeader(at, again)
		if err != nil || kind2 != kind || !reflect.DeepEqual(m2, m) || !bytes.Equal(body2, body) {
			t.Errorf("%v %v becomes %v %v: %v", kind, m, kind2, m2, err)
		}
	})
}
