package eventstoretest

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pintail/internal/eventstore"
)

// Bench measures durable appends of 1 and 100 events by 1, 16 and 64 callers:
// events per second over the whole run and the time that a call takes.
func Bench(b *testing.B, target Target) {
	for _, size := range []int{1, 100} {
		for _, callers := range []int{1, 16, 64} {
			b.Run(fmt.Sprintf("events=%d/callers=%d", size, callers), func(b *testing.B) {
				benchAppend(b, target.open(b), size, callers)
			})
		}
	}
}

func benchAppend(b *testing.B, s eventstore.Store, size, callers int) {
	list := Sample(size)
	var left atomic.Int64
	left.Store(int64(b.N))
	took := make([][]time.Duration, callers)
	var all sync.WaitGroup
	b.ResetTimer()
	for caller := range callers {
		all.Go(func() {
			for left.Add(-1) >= 0 {
				events := Renew(list)
				began := time.Now()
				if err := s.Append(background, events); err != nil {
					b.Error(err)
					return
				}
				took[caller] = append(took[caller], time.Since(began))
			}
		})
	}
	all.Wait()
	b.StopTimer()
	times := slices.Concat(took...)
	slices.Sort(times)
	b.ReportMetric(float64(b.N*size)/b.Elapsed().Seconds(), "events/s")
	b.ReportMetric(float64(times[len(times)/2].Microseconds()), "p50-us")
	b.ReportMetric(float64(times[len(times)*99/100].Microseconds()), "p99-us")
	stats := s.Stats()
	b.ReportMetric(float64(stats.Appended)/float64(stats.Commits), "events/commit")
}

// renewals counts what Renew has returned.
var renewals atomic.Int64

// Renew returns events like the ones that it gets, with ids that no event had before, in
// ascending order: to the store they are others.
func Renew(events []eventstore.Event) []eventstore.Event {
	first := renewals.Add(int64(len(events))) - int64(len(events))
	events = slices.Clone(events)
	for i := range events {
		events[i].EventID = fmt.Sprintf("e1f5c6ae-0b7a-4f6f-9c2d-%012d", first+int64(i))
	}
	return events
}

// Sample returns events as a shop's app reports them: every field set, three
// attributes and two metrics, about 500 bytes each. No two calls return the same.
func Sample(n int) []eventstore.Event {
	list := make([]eventstore.Event, n)
	for i := range list {
		e := full()
		e.EndpointID = fmt.Sprintf("b1f5c6ae-0b7a-4f6f-9c2d-%012d", i%977)
		e.UserID = fmt.Sprintf("user-%08d", i%500)
		e.Attributes = map[string]string{"screen": "checkout", "category": "shoes and boots", "plan": "gold"}
		e.Metrics = map[string]float64{"amount": float64(i), "load_ms": 212}
		list[i] = e
	}
	return Renew(list)
}
