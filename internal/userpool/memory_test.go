package userpool

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/userpool/srp"
)

func TestMemory(t *testing.T) {
	t.Parallel()
	m := newMemory[int](time.Minute, 3)
	seen := func(key string, now time.Time) (n int) {
		m.use(key, now, func(v *int) { *v++; n = *v })
		return n
	}
	seen("a", noon)
	if seen("a", noon.Add(59*time.Second)) != 2 {
		t.Error("forgot within the span")
	}
	if seen("a", noon.Add(100*time.Second)) != 3 {
		t.Error("forgot what was just used")
	}
	if seen("b", noon.Add(time.Hour)); seen("a", noon.Add(2*time.Hour)) != 1 {
		t.Error("remembers for ever")
	}
	for i := range 100 {
		seen(fmt.Sprint(i), noon.Add(2*time.Hour))
	}
	if n := len(m.young) + len(m.old); n > 6 {
		t.Errorf("%d values", n)
	}
}

// Names of one turn wait for each other.
func TestTurns(t *testing.T) {
	t.Parallel()
	var all turns
	n := 0
	var group sync.WaitGroup
	for range 50 {
		group.Go(func() {
			defer all.take("pool", "ada")()
			n++
		})
	}
	group.Wait()
	if n != 50 {
		t.Error(n)
	}
}

// What strangers type is remembered by its hash: a long name takes no more room.
func TestUnknownNamesAreShortInMemory(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.client.PreventUserExistenceErrors = cognitoidp.PreventUserExistenceErrorTypesEnabled
	long := strings.Repeat("x", 1<<17)
	a := &attempt{Service: r.Service, call: ofGetUser.call(), pool: r.pool, client: r.client}
	_, err := a.prove(t.Context(), long, func(string, srp.Verifier) bool { return false })
	refused(t, cognitoidp.InitiateAuth.Operation, err)
	a.now.Name = long
	refused(t, cognitoidp.RespondToAuthChallenge.Operation, a.refuseNobody(long))
	if len(r.unknowns.young) != 2 {
		t.Fatalf("%d names are remembered", len(r.unknowns.young))
	}
	for key := range r.unknowns.young {
		if len(key) > 100 {
			t.Errorf("a key of %d bytes is remembered", len(key))
		}
	}
}
