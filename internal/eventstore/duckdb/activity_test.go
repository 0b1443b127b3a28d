package duckdb

import (
	"fmt"
	"testing"
	"time"

	"pintail/internal/eventstore"
	"pintail/internal/eventstore/eventstoretest"
)

// What is saved is rolled up too, once it is worth it.
func TestRollsUpByItself(t *testing.T) {
	s, err := Open(t.Context(), t.TempDir(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	appended := 0
	for ; appended <= saveAt; appended += 10_000 {
		list := eventstoretest.Sample(10_000)
		for i := range list {
			list[i].EventID = fmt.Sprintf("%d-%d", appended, i)
			list[i].Timestamp = list[i].Timestamp.Add(time.Duration(appended) * time.Second)
		}
		if err := s.Append(t.Context(), list); err != nil {
			t.Fatal(err)
		}
	}
	// The next that is moved is preceded by a save.
	for range 2 {
		if err := s.mover.flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := s.Append(t.Context(), eventstoretest.Sample(1)); err != nil {
			t.Fatal(err)
		}
	}
	var rolled eventstore.Cursor
	err = s.examine(t.Context(), nil, func(c *connection, until eventstore.Cursor) error {
		rolled = until
		n, err := c.number(t.Context(), "SELECT count(*) FROM "+dialect.Activity)
		if n == 0 || n > int64(appended)/2 {
			t.Errorf("%d events became %d rows", appended, n)
		}
		if err != nil {
			return err
		}
		n, err = c.number(t.Context(), "SELECT count(*) FROM "+dialect.Daily)
		if n == 0 {
			t.Error("no day is counted")
		}
		return err
	})
	if err != nil || rolled <= saveAt {
		t.Errorf("rolled up to %d of %d, %v", rolled, appended, err)
	}
}
