package main

import (
	"context"
	"fmt"
	"os"
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
	list := stored(endpointID(0), size, time.Now())
	o, err := race(ctx, callers, b.while, watchProcess(os.Getpid()), func(int, int) error { return s.Append(ctx, list) })
	return floor{what: fmt.Sprintf("event store alone (callers %d, events each %d)", callers, size), rate: o.rate() * float64(size)}, err
}
