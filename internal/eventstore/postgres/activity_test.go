package postgres

import (
	"fmt"
	"testing"
	"time"

	"pintail/internal/eventstore/eventstoretest"
	"pintail/internal/testkit/pgtest"
)

// Enough events are rolled up in the background, by one of the processes.
func TestRollsUpByItself(t *testing.T) {
	place := pgtest.Database(t)
	var stores []*Store
	for range 2 {
		s, err := Open(t.Context(), place)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		stores = append(stores, s)
	}
	appended := 0
	for ; appended < rollAt; appended += 10_000 {
		list := eventstoretest.Sample(10_000)
		for i := range list {
			list[i].EventID = fmt.Sprintf("%d-%d", appended, i)
			list[i].Timestamp = list[i].Timestamp.Add(time.Duration(appended) * time.Second)
		}
		if err := stores[appended/10_000%2].Append(t.Context(), list); err != nil {
			t.Fatal(err)
		}
	}
	var until, rows int
	for until < rollAt {
		err := stores[0].pool.QueryRow(t.Context(), "SELECT until, (SELECT count(*) FROM eventstore.activity) FROM eventstore.rolled").Scan(&until, &rows)
		if err != nil {
			t.Fatal(err)
		}
	}
	if rows == 0 || rows > appended/2 {
		t.Errorf("%d events became %d rows", appended, rows)
	}
}
