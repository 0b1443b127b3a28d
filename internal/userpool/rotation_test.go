package userpool

import (
	"testing"
	"time"
)

// A request may have begun before the one that rotated the token, and be judged
// after it. Only a grace period lets it have the token again.
func TestAdvanceAgainstEarlierClock(t *testing.T) {
	t.Parallel()
	rotated := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		grace time.Duration
		now   time.Time
		ok    bool
	}{
		{0, rotated.Add(-time.Millisecond), false},
		{0, rotated, false},
		{time.Second, rotated.Add(-time.Millisecond), true},
		{time.Second, rotated.Add(time.Second - 1), true},
		{time.Second, rotated.Add(time.Second), false},
	} {
		record := &signInRecord{Generation: 1, Rotated: rotated}
		if err := record.advance(0, test.grace, test.now); (err == nil) != test.ok {
			t.Errorf("grace %s, %s after the rotation: %v", test.grace, test.now.Sub(rotated), err)
		}
	}
}
