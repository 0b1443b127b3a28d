package eventstoretest

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"testing"

	"golang.org/x/sync/errgroup"

	"pintail/internal/eventstore"
)

// Size of the concurrency test.
const (
	appenders = 64
	batches   = 15
)

// testConcurrency: many append at once while others follow the log and count.
// A follower meets every acknowledged event once, in the order of each
// appender, and never finds one behind its cursor later.
func testConcurrency(t *testing.T, target Target) {
	s := target.open(t)
	hammer(t, s, s)
}

// RunShared is for engines whose place several processes may open at once: it
// tests that stores at one place see each other's events as they see their own.
func RunShared(t *testing.T, target Target) {
	place := target.Place(t)
	stores := []eventstore.Store{target.openAt(t, place), target.openAt(t, place), target.openAt(t, place)}
	t.Run("Concurrency", func(t *testing.T) { hammer(t, stores...) })
	t.Run("Repeats", func(t *testing.T) { testSharedRepeats(t, stores) })
	t.Run("Last", func(t *testing.T) {
		appendAll(t, stores[0], event("app", 100))
		same(t, "here and there", lastOf(t, stores[0]), lastOf(t, stores[1]))
		all := scan(t, stores[0], eventstore.Query{})
		same(t, "last", all[len(all)-1].Cursor, lastOf(t, stores[2]))
	})
	t.Run("Wait", func(t *testing.T) {
		waited := make(chan error)
		last := stores[0].Stats().Last
		go func() { waited <- stores[1].Wait(t.Context(), last) }()
		appendAll(t, stores[0], event("app", 1))
		if err := <-waited; err != nil {
			t.Fatal(err)
		}
	})
}

// hammer appends through all the stores of one place and follows through all.
func hammer(t *testing.T, stores ...eventstore.Store) {
	total := 0
	for appender := range appenders {
		for batch := range batches {
			total += batchSize(appender, batch)
		}
	}
	following, ctx := errgroup.WithContext(t.Context())
	seen := make([][]recorded, 3)
	for i := range seen {
		following.Go(func() (err error) {
			seen[i], err = follow(ctx, stores[i%len(stores)], total)
			return err
		})
	}
	counting, stop := context.WithCancel(ctx)
	following.Go(func() error { return countAlong(counting, stores[0], int64(total)) })
	appending, appendCtx := errgroup.WithContext(ctx)
	for appender := range appenders {
		appending.Go(func() error { return appendMany(appendCtx, stores[appender%len(stores)], appender) })
	}
	if err := appending.Wait(); err != nil {
		t.Fatal(err)
	}
	stop()
	if err := following.Wait(); err != nil {
		t.Fatal(err)
	}
	for i := range seen {
		checkFollowed(t, seen[i])
		same(t, "what the follower saw", scan(t, stores[0], eventstore.Query{}), seen[i])
	}
}

func batchSize(appender, batch int) int { return (appender*7+batch*3)%11 + 1 }

// appendMany appends the batches of one appender, numbered in EventID.
func appendMany(ctx context.Context, s eventstore.Store, appender int) error {
	n := 0
	for batch := range batches {
		list := make([]eventstore.Event, batchSize(appender, batch))
		for i := range list {
			list[i] = event("app", n)
			list[i].EndpointID, list[i].EventID = fmt.Sprintf("appender-%d", appender), strconv.Itoa(n)
			n++
		}
		if err := s.Append(ctx, list); err != nil {
			return err
		}
	}
	return nil
}

// follow reads the log as followers do until it has met total events.
func follow(ctx context.Context, s eventstore.Store, total int) (seen []recorded, err error) {
	after := eventstore.Cursor(0)
	for len(seen) < total && err == nil {
		if err = s.Wait(ctx, after); err != nil {
			return nil, err
		}
		err = s.Scan(ctx, eventstore.Query{After: after, Limit: 50}, func(c eventstore.Cursor, e *eventstore.Event) error {
			after = c
			seen = append(seen, recorded{c, *e})
			return nil
		})
	}
	return seen, err
}

// countAlong counts until ctx ends; counts never shrink and end complete.
func countAlong(ctx context.Context, s eventstore.Store, total int64) error {
	last := int64(0)
	for done := false; !done; {
		done = ctx.Err() != nil
		sum, err := countAll(context.WithoutCancel(ctx), s, eventstore.Filter{App: "app"})
		if err != nil {
			return err
		}
		if sum < last {
			return fmt.Errorf("a count fell from %d to %d", last, sum)
		}
		last = sum
	}
	if last != total {
		return errors.New("the last count is " + strconv.FormatInt(last, 10))
	}
	return nil
}

func checkFollowed(t *testing.T, seen []recorded) {
	t.Helper()
	next := map[string]int{}
	for i, r := range seen {
		if i > 0 && r.Cursor <= seen[i-1].Cursor {
			t.Fatalf("cursor %d follows %d", r.Cursor, seen[i-1].Cursor)
		}
		if r.Event.EventID != strconv.Itoa(next[r.Event.EndpointID]) {
			t.Fatalf("%s: event %s where %d was next", r.Event.EndpointID, r.Event.EventID, next[r.Event.EndpointID])
		}
		next[r.Event.EndpointID]++
	}
}
