package userpool_test

import (
	"slices"
	"testing"
	"time"

	"pintail/internal/userpool"
)

// How fast users are imported, and for how long a batch keeps others from writing.
// Run it with -benchtime 1x.
func BenchmarkUserImport(b *testing.B) {
	const people = 100_000
	for b.Loop() {
		w := boot(b)
		p, other := w.pool(), w.pool()
		j := w.uploaded(p, crowd(w.header(p), people))
		if _, err := w.startImport(j); err != nil {
			b.Fatal(err)
		}
		done := make(chan error, 1)
		began := time.Now()
		go func() { done <- userpool.ImportRun(b.Context(), w.service, *p.Id, *j.JobId) }()
		var waits []time.Duration
		for running := true; running; {
			select {
			case err := <-done:
				if running = false; err != nil {
					b.Fatal(err)
				}
			default:
				asked := time.Now()
				w.app(other) // a small write
				waits = append(waits, time.Since(asked))
			}
		}
		b.ReportMetric(people/time.Since(began).Seconds(), "users/s")
		slices.Sort(waits)
		b.ReportMetric(float64(waits[len(waits)/2].Microseconds())/1000, "median-write-ms")
		b.ReportMetric(float64(waits[len(waits)*99/100].Microseconds())/1000, "p99-write-ms")
	}
}
