package keys

import (
	"sync"
	"testing"
	"testing/synctest"
)

func TestReserveGivesEveryKeyOnce(t *testing.T) {
	t.Parallel()
	reserve := NewReserve(2)
	defer reserve.Close()
	var group sync.WaitGroup
	var mu sync.Mutex
	seen := map[string]bool{}
	for range 4 {
		group.Go(func() {
			for range 2 {
				key, err := reserve.Take()
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				seen[key.ID()] = true
				mu.Unlock()
			}
		})
	}
	group.Wait()
	if len(seen) != 8 {
		t.Errorf("8 takers got %d different keys", len(seen))
	}
}

// In a bubble the reserve's goroutine must end, or the test fails.
func TestReserveFillsAndCloses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		reserve := NewReserve(2)
		synctest.Wait() // until the filling goroutine has nothing to do
		if len(reserve.ready) != 2 {
			t.Errorf("%d keys are ready", len(reserve.ready))
		}
		first, err := reserve.Take()
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if len(reserve.ready) != 2 {
			t.Errorf("%d keys are ready after one was taken", len(reserve.ready))
		}
		reserve.Close()
		reserve.Close()
		for range 3 { // two from the reserve, one made anew
			key, err := reserve.Take()
			if err != nil {
				t.Fatal(err)
			}
			if key.ID() == first.ID() {
				t.Error("a key was given twice")
			}
		}
		if len(reserve.ready) != 0 {
			t.Error("a closed reserve was filled")
		}
	})
}

func TestReserveClosesWhileFilling(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		NewReserve(100).Close()
	})
}
