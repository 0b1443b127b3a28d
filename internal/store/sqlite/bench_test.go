package sqlite

import (
	"database/sql/driver"
	"fmt"
	"strings"
	"testing"

	"pintail/internal/store"
)

// BenchmarkFloor measures what the driver does when one goroutine upserts ready
// documents of 1.4 KB in transactions of 1 and of 64: the measure for the Put
// benchmarks of the conformance suite with 1 and 64 callers.
func BenchmarkFloor(b *testing.B) {
	db := fresh(b)
	c := db.writer.conn
	put := db.tables[notes.Schema()].put
	doc := fmt.Sprintf(`{"Text":"x"%s}`, strings.Repeat(`,"attribute-number":["some value","another one"]`, 28))
	const rows = 20_000
	row := func(n int) []driver.Value {
		id := fmt.Sprintf("%08x-4e1d-4b6a", uint32(n%rows)*2654435761)
		return columns(store.Row{Owner: "app", ID: id, Doc: []byte(doc), Keys: []string{fmt.Sprintf("user-%07d", n), ""}})
	}
	batch := func(from, size int) {
		for _, step := range []string{"BEGIN IMMEDIATE", "", "COMMIT"} {
			if step != "" {
				if _, err := c.exec(step); err != nil {
					b.Fatal(err)
				}
				continue
			}
			for n := from; n < from+size; n++ {
				if _, err := c.exec(put, row(n)...); err != nil {
					b.Fatal(err)
				}
			}
		}
	}
	batch(0, rows)
	for _, size := range []int{1, 64} {
		b.Run(fmt.Sprintf("batch=%d", size), func(b *testing.B) {
			for n := 0; n < b.N; n += size {
				batch(n*7919, min(size, b.N-n))
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "ops/s")
		})
	}
}

func BenchmarkReset(b *testing.B) {
	db := fresh(b)
	for b.Loop() {
		b.StopTimer()
		err := db.Update(b.Context(), func(tx store.Tx) error {
			for i := range 100 {
				if err := notes.Put(tx, "o", fmt.Sprint(i), &note{fmt.Sprint(i, "\n", strings.Repeat("x", 1000))}); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		if err := db.Reset(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}
