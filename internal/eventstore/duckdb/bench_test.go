package duckdb

import (
	"fmt"
	"path/filepath"
	"testing"

	"pintail/internal/eventstore"
	"pintail/internal/eventstore/eventstoretest"
)

// BenchmarkAppend measures the store, BenchmarkEngine below it what DuckDB
// alone can store: compare the two in one run.
func BenchmarkAppend(b *testing.B) { eventstoretest.Bench(b, target) }

// BenchmarkEngine stores events in DuckDB alone, one writer, checkpoints
// included.
func BenchmarkEngine(b *testing.B) {
	for _, rows := range []int{1, 100, 1000, 16 << 10, rowGroup} {
		b.Run(fmt.Sprintf("rows=%d", rows), func(b *testing.B) {
			e, err := openEngine(b.Context(), filepath.Join(b.TempDir(), fileName), "2GB")
			if err != nil {
				b.Fatal(err)
			}
			defer e.close()
			list := encoded(1, eventstoretest.Sample(rows))
			for b.Loop() {
				if err := e.store([]run{list}); err != nil {
					b.Fatal(err)
				}
				list.first += eventstore.Cursor(rows)
				if e.unsaved >= saveAt {
					if err := e.checkpoint(); err != nil {
						b.Fatal(err)
					}
				}
			}
			b.ReportMetric(float64(b.N*rows)/b.Elapsed().Seconds(), "events/s")
		})
	}
}

// BenchmarkFill measures the filling of vectors from Go.
func BenchmarkFill(b *testing.B) {
	e, err := openEngine(b.Context(), filepath.Join(b.TempDir(), fileName), "1GB")
	if err != nil {
		b.Fatal(err)
	}
	defer e.close()
	list := encoded(1, eventstoretest.Sample(rowsPerChunk))
	for b.Loop() {
		var rows []record
		if err := list.each(func(x *record) error { rows = append(rows, *x); return nil }); err != nil {
			b.Fatal(err)
		}
		e.chunk.fill(rows)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*rowsPerChunk), "ns/event")
}

// BenchmarkScan reads events back out of DuckDB and, as a follower that keeps
// up does, out of the tail.
func BenchmarkScan(b *testing.B) {
	for _, settled := range []bool{true, false} {
		b.Run(fmt.Sprintf("table=%v", settled), func(b *testing.B) {
			s, err := Open(b.Context(), b.TempDir(), Options{})
			if err != nil {
				b.Fatal(err)
			}
			defer s.Close()
			const events = 10_000
			if err := s.Append(b.Context(), eventstoretest.Sample(events)); err != nil {
				b.Fatal(err)
			}
			if settled {
				if err := s.mover.flush(b.Context()); err != nil {
					b.Fatal(err)
				}
			} else {
				s.mover.writes.Lock()
				defer s.mover.writes.Unlock()
			}
			for b.Loop() {
				n := 0
				err := s.Scan(b.Context(), eventstore.Query{}, func(eventstore.Cursor, *eventstore.Event) error { n++; return nil })
				if err != nil || n != events {
					b.Fatal(n, err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*events), "ns/event")
		})
	}
}
