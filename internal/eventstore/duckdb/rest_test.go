package duckdb

import (
	"fmt"
	"testing"

	"pintail/internal/eventstore"
	"pintail/internal/eventstore/eventstoretest"
)

// A checkpoint and a long query do not harm each other, whoever comes first.
func TestCheckpointsBesideQueries(t *testing.T) {
	ctx := t.Context()
	s := openFilled(t)
	asked := make(chan error)
	go func() {
		for range 10 {
			asked <- s.query(ctx, longQuery, nil, nil)
		}
		close(asked)
	}()
	for err := range asked {
		if err != nil {
			t.Error(err)
		}
		list := eventstoretest.Sample(100)
		for i := range list {
			list[i].EventID = fmt.Sprintf("%d of %d", i, s.Stats().Last)
		}
		if err := s.Append(ctx, list); err != nil {
			t.Error(err)
		}
		if err := s.mover.flush(ctx); err != nil {
			t.Error(err)
		}
		if err := s.mover.save(); err != nil {
			t.Error(err)
		}
		if _, err := s.Erase(ctx, eventstore.Erasure{App: eventstoretest.Sample(1)[0].App, UserIDs: []string{"user-00000001"}}); err != nil {
			t.Error(err)
		}
	}
}

// longQuery takes a while, and more memory than a store leaves when it rests.
const longQuery = "SELECT count(*) FROM (SELECT DISTINCT event_id, endpoint_id, attributes, metrics FROM " + table + ")"

func openFilled(t *testing.T) *Store {
	t.Helper()
	s, err := Open(t.Context(), t.TempDir(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	for n := range 20 {
		list := eventstoretest.Sample(10_000)
		for i := range list {
			list[i].EventID = fmt.Sprintf("%d-%d", n, i)
		}
		if err := s.Append(t.Context(), list); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.mover.flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

// A long query and a store that thinks itself idle do not get into each other's way: the
// query keeps the memory that it needs.
func TestRestLeavesQueriesAlone(t *testing.T) {
	ctx := t.Context()
	s := openFilled(t)
	asked, rested := make(chan error), make(chan struct{})
	go func() {
		defer close(rested)
		for {
			select {
			case <-asked:
				return
			default:
			}
			if err := s.mover.write((*Store).rest); err != nil {
				t.Error(err)
				return
			}
		}
	}()
	for range 3 {
		err := s.query(ctx, longQuery, nil, func(r result) error {
			if n := r.int64s(0)[0]; n != 200_000 {
				t.Errorf("%d rows", n)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
	close(asked)
	<-rested
}
