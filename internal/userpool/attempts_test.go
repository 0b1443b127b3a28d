package userpool

import (
	"testing"
	"time"
)

func TestLockSchedule(t *testing.T) {
	t.Parallel()
	var a attempts
	now := noon
	for n, want := range []time.Duration{0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900} {
		a.fail(now)
		want *= time.Second
		if want > 0 && !a.locked(now.Add(want-1)) || a.locked(now.Add(want)) {
			t.Errorf("failure %d does not lock for %v", n+1, want)
		}
		now = now.Add(max(want, time.Second))
	}
	now = now.Add(quietTime)
	if a.fail(now); a.Failures != 1 {
		t.Errorf("%d failures after quiet minutes", a.Failures)
	}
}
