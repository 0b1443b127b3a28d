//go:build unix

package duckdb

import (
	"math"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"pintail/internal/eventstore"
	"pintail/internal/eventstore/eventstoretest"
)

// TestFullDisk: a process that may not make files any larger refuses appends
// and loses none that it acknowledged; when there is room again it goes on.
func TestFullDisk(t *testing.T) {
	dir := os.Getenv(childDir)
	if dir == "" {
		dir = t.TempDir()
		inChild(t, t.Name(), dir)
		acknowledged, err := os.ReadFile(filepath.Join(dir, "acknowledged"))
		if err != nil {
			t.Fatal(err)
		}
		if got := count(t, openStore(t, dir), "app"); got != int64(len(acknowledged))*batchSize {
			t.Errorf("%d events are left of %d batches", got, len(acknowledged))
		}
		return
	}
	fillDisk(t, dir)
}

const batchSize = 1000

// fillDisk appends until that fails, first for want of room in the commit log
// and then in DuckDB's file, and leaves a file as long as the number of
// acknowledged batches.
func fillDisk(t *testing.T, dir string) {
	s := openStore(t, dir)
	signal.Ignore(syscall.SIGXFSZ)
	var acknowledged []byte
	appendBatch := func() error {
		err := s.Append(t.Context(), unique(len(acknowledged)))
		if err == nil {
			acknowledged = append(acknowledged, '.')
		}
		return err
	}
	appendUntilFull := func() {
		for range 1000 {
			if err := appendBatch(); err != nil {
				t.Log(len(acknowledged), "batches, then:", err)
				return
			}
		}
		t.Fatal("the disk never got full")
	}
	limitFiles(t, 3<<20) // a segment of the commit log is larger
	appendUntilFull()
	limitFiles(t, math.MaxUint64)
	if err := appendBatch(); err != nil {
		t.Fatalf("with room again: %v", err)
	}
	if err := s.mover.flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	limitFiles(t, 1<<20) // the file with the events that there are is larger
	if err := s.mover.save(); err == nil {
		t.Fatal("a checkpoint succeeded without room")
	}
	if _, err := eventstoretest.CountTypes(t.Context(), s, eventstore.Filter{App: "app"}); err == nil {
		t.Error("a count succeeded although the database is closed")
	}
	limitFiles(t, math.MaxUint64)
	if err := appendBatch(); err != nil {
		t.Errorf("while the database is closed: %v", err)
	}
	err := s.tail.await(t.Context(), nil, func(now state) (bool, error) { return now.failure == nil, nil })
	if err != nil {
		t.Fatal(err)
	}
	if got := count(t, s, "app"); got != int64(len(acknowledged))*batchSize {
		t.Errorf("%d events of %d batches", got, len(acknowledged))
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "acknowledged"), acknowledged, 0o600); err != nil {
		t.Fatal(err)
	}
}

func limitFiles(t *testing.T, bytes uint64) {
	t.Helper()
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
	limit.Cur = min(bytes, limit.Max)
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
}

// unique returns a batch of events that do not compress well.
func unique(n int) []eventstore.Event {
	list := eventstoretest.Sample(batchSize)
	for i := range list {
		list[i].App = "app"
		key := eventstore.Hash(list[i].EventID) ^ uint64(n)*0x9e3779b97f4a7c15
		list[i].CognitoID = strings.Map(func(r rune) rune { key = key*6364136223846793005 + 1; return rune('!' + key>>58) }, strings.Repeat("x", 64))
	}
	return list
}
