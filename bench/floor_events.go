package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"sync/atomic"
	"time"

	"pintail/internal/eventstore/duckdb"
)

// eventsFloor returns how many events a second the event store makes durable
// when nothing stands around it, by the number of callers and of events that
// each appends at once.
func (b *bench) eventsFloor(ctx context.Context, callers, size int) (floor, error) {
	folder, err := os.MkdirTemp(b.folder, "floor")
	if err != nil {
		return floor{}, err
	}
	s, err := duckdb.Open(ctx, folder, duckdb.Options{})
	if err != nil {
		return floor{}, err
	}
	defer s.Close()
	began, sent := time.Now(), new(atomic.Int64)
	batch := stored(endpointID(0), size, began)
	o, err := race(ctx, callers, b.while, watchProcess(os.Getpid()), func(int, int) error {
		list, at := slices.Clone(batch), began.Add(time.Duration(sent.Add(1))*time.Millisecond)
		for i := range list { // else these would be the same events again
			list[i].Timestamp = at
		}
		return s.Append(ctx, list)
	})
	return floor{what: fmt.Sprintf("event store alone (callers %d, events each %d)", callers, size), rate: o.rate() * float64(size)}, err
}
