package claim

import (
	"testing"
	"time"
)

func TestState(t *testing.T) {
	t.Parallel()
	now := time.UnixMilli(1764150000000)
	first := Parse("").Claim(now, time.Hour)
	if first.Generation != "0" || first.Lease != Longest || !first.At.Equal(now) || len(first.Token) != 16 {
		t.Errorf("%+v", first)
	}
	if again := Parse(first.String()); again != first {
		t.Errorf("%+v is read as %+v", first, again)
	}
	done := first.Done()
	if got := Parse(done.String()); got != done || got.Generation != first.Token || got.Token != "" {
		t.Errorf("%+v", got)
	}
	second := done.Claim(now, time.Second)
	if second.Token == first.Token || second.Generation != first.Token || second.Released() != done {
		t.Errorf("%+v", second)
	}
	if !first.Released().IsNever() || second.Released().IsNever() || first.IsNever() {
		t.Error("IsNever")
	}
	if short := done.Claim(now, time.Microsecond); Parse(short.String()) != short {
		t.Errorf("%+v", short)
	}
}

// Other text is no claim, and no claim lasts longer than Longest.
func TestParseOther(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "x", "x y", "x y 1", "x y 1 z", "x y z 1", "x y 1 0", "x y 1 -5", "x  1 5", "x y 1 5 6"} {
		if got := Parse(text); got.Token != "" {
			t.Errorf("%q is %+v", text, got)
		}
	}
	if got := Parse("0 y 1 99999999999999"); got.Lease != Longest {
		t.Errorf("%+v", got)
	}
}

func TestWatch(t *testing.T) {
	t.Parallel()
	now := time.UnixMilli(1764150000000)
	for _, tt := range []struct {
		name     string
		made     time.Duration // before it is first seen
		seen     time.Duration // before now
		wantLeft time.Duration
	}{
		{"just made", 0, 0, 10 * time.Second},
		{"seen for a while", 0, 4 * time.Second, 6 * time.Second},
		{"seen for its lease", 0, 10 * time.Second, 0},
		{"made before it was seen", 6 * time.Second, 0, 9 * time.Second},
		{"left behind by a crash", 15 * time.Second, 0, 0},
		{"from a clock that is ahead", -time.Hour, 0, 10 * time.Second},
		{"from a clock that is ahead, seen for its lease", -time.Hour, 10 * time.Second, 0},
		{"from a clock that is behind by the skew", 5 * time.Second, 0, 10 * time.Second},
	} {
		first := now.Add(-tt.seen)
		s := Parse("").Claim(first.Add(-tt.made), 10*time.Second)
		var w Watch
		w.Left(s, first)
		if left := w.Left(s, now); left != tt.wantLeft {
			t.Errorf("%s: %v left, want %v", tt.name, left, tt.wantLeft)
		}
	}
	var w Watch
	if w.Left(Parse("x"), now) != 0 {
		t.Error("without a claim there is nothing to wait for")
	}
	a, b := Parse("").Claim(now, time.Second), Parse("").Claim(now, time.Second)
	w.Left(a, now.Add(-10*time.Second))
	if left := w.Left(b, now); left != time.Second {
		t.Errorf("another claim: %v left", left)
	}
}
