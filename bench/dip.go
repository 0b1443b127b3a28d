package main

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"pintail/internal/eventstore"
)

// dip is what appending loses to questions: events per second.
type dip struct {
	quiet, worst float64 // the median without questions, and the worst second with them
	questions    float64 // per second
}

// Appending, while dips are looked for, is by so many callers of so many events each, for
// so many seconds without questions and as many with them.
const (
	dipCallers = 16
	dipEvents  = 100
	dipSeconds = 20
)

// measureDip appends to a store as fast as it goes, and asks meanwhile.
func measureDip(ctx context.Context, store eventstore.Store, ask func() error) (d dip, err error) {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var appended, asked atomic.Int64
	var all sync.WaitGroup
	for caller := range dipCallers {
		all.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				if err := store.Append(ctx, happenings(caller, n)); err != nil && ctx.Err() == nil {
					stop(err)
				}
				appended.Add(dipEvents)
			}
		})
	}
	quiet := perSecond(ctx, &appended)
	all.Go(func() {
		for ctx.Err() == nil {
			if err := ask(); err != nil {
				stop(err)
			}
			asked.Add(1)
		}
	})
	busy := perSecond(ctx, &appended)
	err = context.Cause(ctx)
	stop(nil)
	all.Wait()
	slices.Sort(quiet)
	return dip{quiet: quiet[len(quiet)/2], worst: slices.Min(busy), questions: float64(asked.Load()) / dipSeconds}, err
}

// perSecond counts what is done in each of some seconds.
func perSecond(ctx context.Context, done *atomic.Int64) (counts []float64) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	last, at := done.Load(), time.Now()
	for range dipSeconds {
		select {
		case <-tick.C:
		case <-ctx.Done():
		}
		now, n := time.Now(), done.Load()
		counts = append(counts, float64(n-last)/now.Sub(at).Seconds())
		last, at = n, now
	}
	return counts
}

// happenings are events of another project than the one that is asked about.
func happenings(caller, n int) []eventstore.Event {
	events := make([]eventstore.Event, dipEvents)
	now := time.Now()
	for i := range events {
		events[i] = eventstore.Event{
			App: "other", EndpointID: endpointID(caller*1000 + i), UserID: userID(i), EventID: fmt.Sprintf("%d-%d-%d", caller, n, i),
			Type: eventType, Timestamp: now, Arrival: now, Session: eventstore.Session{ID: sessionID, Start: now},
			Platform: "android", PlatformVersion: "16", Make: "Google", Model: "Pixel 9", Locale: "en_GB", Country: "GB", AppVersion: "3.2.0",
			Attributes: shared, Metrics: measured,
		}
	}
	return events
}

var (
	shared   = map[string]string{"screen": "home", "category": "shoes"}
	measured = map[string]float64{"price": 19.99}
)
