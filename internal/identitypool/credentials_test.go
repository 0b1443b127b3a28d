package identitypool_test

import (
	"io"
	"net/http"
	"regexp"
	"strconv"
	"sync"
	"testing"
)

var updates = regexp.MustCompile(`(?m)^pintail_directory_updates_total (\S+)$`)

// written is how many transactions have changed the directory.
func (w *world) written() int {
	w.t.Helper()
	response, err := http.Get(w.URL() + "/_pintail/metrics")
	must(w.t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	must(w.t, err)
	found := updates.FindSubmatch(text)
	if found == nil {
		w.t.Fatalf("no count of updates in %.200s", text)
	}
	count, err := strconv.ParseFloat(string(found[1]), 64)
	must(w.t, err)
	return int(count)
}

// Whoever comes back is given credentials without a write.
func TestComingBackWritesNothing(t *testing.T) {
	onEveryEngine(t, func(w *world) {
		w.developers()
		ada := w.user(w.p, "ada")
		guest, merged := w.id(nil), w.id(nil)
		user := w.id(ada)
		w.enters(merged, ada, user)
		vouched, token := w.vouched("", "bob-1")
		before := w.written()
		const rounds = 20
		for range rounds {
			w.enters(guest, nil, guest)
			w.enters(user, ada, user)
			w.enters(merged, ada, user)
			w.enters(vouched, token, vouched)
			if again := w.id(ada); again != user {
				w.t.Errorf("GetId gives %s", again)
			}
		}
		// The trail of what the owner did is written meanwhile, in a few batches.
		if updates := w.written() - before; updates >= rounds {
			w.t.Errorf("%d updates in %d rounds", updates, rounds)
		}
		before = w.written()
		for range rounds {
			w.id(nil)
		}
		if updates := w.written() - before; updates < rounds {
			w.t.Errorf("%d updates for %d new guests", updates, rounds)
		}
	})
}

// However many servers of a back end ask at once, its user has one identity.
func TestOneDeveloperUserAtOnce(t *testing.T) {
	onEveryEngine(t, func(w *world) {
		w.developers()
		got := make([]string, 10)
		var all sync.WaitGroup
		for n := range got {
			all.Go(func() {
				id, _, err := w.vouch("", "ada-1")
				if err != nil {
					w.t.Error(err)
				}
				got[n] = id
			})
		}
		all.Wait()
		for _, id := range got {
			if id != got[0] {
				w.t.Errorf("identities %v", got)
				break
			}
		}
		if live := w.listed(false, 60); len(live) != 1 {
			w.t.Errorf("identities %v", live)
		}
	})
}
