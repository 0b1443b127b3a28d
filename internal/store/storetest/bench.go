package storetest

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"pintail/internal/store"
)

// benchRows is the number of documents in the database under a benchmark.
const benchRows = 20_000

// endpoint is a document of 1.4 KB, the size of an endpoint with its attributes.
type endpoint struct {
	Address    string
	User       string
	Attributes map[string][]string
	Metrics    map[string]float64
}

var endpoints = store.NewCollection("endpoint", store.Index("user", func(e *endpoint) string { return e.User }))

// newEndpoint makes the document number n.
func newEndpoint(n int) *endpoint {
	e := &endpoint{
		Address:    strings.Repeat("token", 13),
		User:       fmt.Sprintf("user-%07d", n),
		Attributes: make(map[string][]string, 20),
		Metrics:    map[string]float64{"purchases": float64(n % 7), "sessions": 12.5},
	}
	for i := range 20 {
		e.Attributes[fmt.Sprintf("attribute-number-%02d", i)] = []string{"some value", fmt.Sprintf("another one %d", n%10)}
	}
	return e
}

// endpointID spreads numbers over the keys as random ids are spread.
func endpointID(n int) string { return fmt.Sprintf("%08x-4e1d-4b6a", uint32(n)*2654435761) }

// Bench measures point reads, and upserts of one document in an Update each, by
// the number of callers.
func Bench(b *testing.B, e Engine) {
	s := suite{e}
	db := s.openAt(b, s.Location(b), endpoints)
	for from := 0; from < benchRows; from += 1000 {
		update(b, db, func(tx store.Tx) error {
			for n := from; n < from+1000; n++ {
				if err := endpoints.Put(tx, "app", endpointID(n), newEndpoint(n)); err != nil {
					return err
				}
			}
			return nil
		})
	}
	for _, callers := range []int{1, 16, 64} {
		b.Run(fmt.Sprintf("Get/callers=%d", callers), func(b *testing.B) {
			race(b, callers, func(n int) error {
				return db.View(b.Context(), func(tx store.Tx) error {
					_, err := endpoints.Get(tx, "app", endpointID(n%benchRows))
					return err
				})
			})
		})
		b.Run(fmt.Sprintf("Put/callers=%d", callers), func(b *testing.B) {
			before := db.Stats()
			race(b, callers, func(n int) error {
				item := newEndpoint(n)
				return db.Update(b.Context(), func(tx store.Tx) error {
					return endpoints.Put(tx, "app", endpointID(n%benchRows), item)
				})
			})
			after := db.Stats()
			b.ReportMetric(float64(after.Updates-before.Updates)/float64(after.Commits-before.Commits), "updates/commit")
		})
		b.Run(fmt.Sprintf("Modify/callers=%d", callers), func(b *testing.B) {
			race(b, callers, func(n int) error {
				return db.Update(b.Context(), func(tx store.Tx) error {
					_, err := endpoints.Modify(tx, "app", endpointID(n%benchRows), func(e *endpoint) error {
						e.Metrics["sessions"]++
						return nil
					})
					return err
				})
			})
		})
	}
}

// race shares b.N calls of work among callers and reports their rate.
func race(b *testing.B, callers int, work func(n int) error) {
	var next atomic.Int64
	var wg sync.WaitGroup
	b.ResetTimer()
	for range callers {
		wg.Go(func() {
			for n := next.Add(1); n <= int64(b.N); n = next.Add(1) {
				if err := work(int(n * 7919)); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "ops/s")
}
