package duckdb

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"pintail/internal/eventstore"
	"pintail/internal/eventstore/duckdb/commitlog"
	"pintail/internal/eventstore/eventstoretest"
)

func openStore(t *testing.T, dir string) *Store {
	t.Helper()
	s, err := Open(t.Context(), dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func count(t *testing.T, s *Store, app string) (sum int64) {
	t.Helper()
	counts, err := eventstoretest.CountTypes(t.Context(), s, eventstore.Filter{App: app})
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range counts {
		sum += n
	}
	return sum
}

// childDir makes the test binary, run again for one test, the other process
// that the test is about.
const childDir = "DUCKDB_TEST_CHILD_DIR"

// inChild runs a test in a process of its own and returns what it prints.
func inChild(t *testing.T, test, dir string) string {
	t.Helper()
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+test+"$", "-test.v")
	child.Env = append(os.Environ(), childDir+"="+dir)
	output, err := child.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	return string(output)
}

func TestSecondProcessIsRefused(t *testing.T) {
	if dir := os.Getenv(childDir); dir != "" {
		_, err := Open(t.Context(), dir, Options{})
		t.Log("opening:", err)
		return
	}
	dir := t.TempDir()
	openStore(t, dir)
	if output := inChild(t, t.Name(), dir); !strings.Contains(output, fileName+" is in use by another process") {
		t.Error(output)
	}
}

func TestNewerSchemaIsRefused(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir)
	if err := s.engine.writer.exec("INSERT INTO schema_version VALUES (1000)"); err != nil {
		t.Fatal(err)
	}
	if err := s.engine.checkpoint(); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), dir, Options{}); err == nil || !strings.Contains(err.Error(), "newer version") {
		t.Errorf("opening gave %v", err)
	}
}

// TestEngineFailure: when DuckDB fails, the store opens the file again and has
// each event once, whether the file got what was stored before the failure or
// lost it.
func TestEngineFailure(t *testing.T) {
	for name, finally := range map[string]func(*engine) error{
		"saved": (*engine).checkpoint,
		"lost":  func(*engine) error { return nil },
	} {
		t.Run(name, func(t *testing.T) {
			s := openStore(t, t.TempDir())
			list := eventstoretest.Sample(100)
			appendList := func() {
				if err := s.Append(t.Context(), eventstoretest.Renew(list)); err != nil {
					t.Fatal(err)
				}
			}
			for range 3 {
				appendList()
				if err := s.mover.flush(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			failure := errors.New("broken")
			err := s.mover.write(func(s *Store, e *engine) error {
				appendList()
				runs, _ := oldest(s.tail.state().runs)
				if err := errors.Join(e.store(runs), finally(e)); err != nil {
					t.Error(err)
				}
				return failure
			})
			if !errors.Is(err, failure) {
				t.Errorf("the failure became %v", err)
			}
			appendList()
			err = s.tail.await(t.Context(), nil, func(now state) (bool, error) { return now.failure == nil, nil })
			if err != nil {
				t.Fatal(err)
			}
			if got := count(t, s, list[0].App); got != 500 {
				t.Errorf("%d events of 500 after a failure", got)
			}
		})
	}
}

// TestRest: a store at rest has everything in the file and keeps working, also when
// the file has been opened again.
func TestRest(t *testing.T) {
	s := openStore(t, t.TempDir())
	list := eventstoretest.Sample(100)
	for round := range int64(2) {
		if err := s.Append(t.Context(), eventstoretest.Renew(list)); err != nil {
			t.Fatal(err)
		}
		if err := s.mover.flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := s.mover.write((*Store).rest); err != nil {
			t.Fatal(err)
		}
		if s.engine.unsaved != 0 {
			t.Errorf("%d events are not saved", s.engine.unsaved)
		}
		before := s.engine
		if err := s.renew(); err != nil || s.engine == before {
			t.Error("the engine was not renewed:", err)
		}
		if got := count(t, s, list[0].App); got != 100*(round+1) {
			t.Errorf("%d events in round %d", got, round)
		}
	}
	if err := s.Append(t.Context(), eventstoretest.Renew(list)); err != nil {
		t.Fatal(err)
	}
	if err := s.mover.flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	before := s.engine
	if err := s.renew(); err != nil || s.engine != before {
		t.Error("an engine with events that are not saved was given up:", err)
	}
}

func TestDamagedLogIsRefused(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir)
	log, err := commitlog.Open(filepath.Join(dir, "other"), 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := log.Commit([]commitlog.Frame{commitlog.NewFrame([]byte("no events"), 2)}); err != nil {
		t.Fatal(err)
	}
	if err := s.engine.catchUp(log, 0, 2); !errors.Is(err, commitlog.ErrDamaged) {
		t.Errorf("storing nonsense: %v", err)
	}
	if err := log.Close(0); err != nil {
		t.Error(err)
	}
}

// TestInterrupt: a query that would take hours ends with its context.
func TestInterrupt(t *testing.T) {
	s := openStore(t, t.TempDir())
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	err := s.query(ctx, "SELECT count(*) FROM range(100000000000) a, range(1000) b WHERE a.range % 7 = b.range", nil, nil)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the query ended with %v", err)
	}
}

// FuzzRecords: whatever is read as events is what is read again once it is written.
func FuzzRecords(f *testing.F) {
	f.Add(encodeEvents(nil, eventstoretest.Sample(2)), 2)
	f.Add(encodeEvents(nil, []eventstore.Event{{App: "a"}}), 1)
	f.Add([]byte{1, 200, 1}, 1)
	f.Fuzz(func(t *testing.T, b []byte, n int) {
		if n < 0 || n > len(b) {
			return
		}
		events, err := decoded(run{count: n, encoded: b})
		if err != nil {
			return
		}
		again, err := decoded(encoded(1, events))
		if err != nil || !reflect.DeepEqual(again, events) {
			t.Fatalf("%v was read, and %v after it was written: %v", events, again, err)
		}
	})
}

// encoded is a run of events, and decoded a run's events.
func encoded(first eventstore.Cursor, events []eventstore.Event) run {
	return run{first: first, count: len(events), encoded: encodeEvents(nil, events)}
}

func decoded(r run) (events []eventstore.Event, err error) {
	err = r.each(func(x *record) error {
		events = append(events, eventstore.Event{})
		x.copyTo(&events[len(events)-1])
		return nil
	})
	return events, err
}

// TestRuns: parts of a run are the events that they say they are.
func TestRuns(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := eventstoretest.Sample(rapid.IntRange(1, 5).Draw(t, "events"))
		first := eventstore.Cursor(rapid.Int64Range(1, 5).Draw(t, "first"))
		r := encoded(first, list)
		for range rapid.IntRange(1, 3).Draw(t, "cuts") {
			at := eventstore.Cursor(rapid.Int64Range(0, 12).Draw(t, "at"))
			if rapid.Bool().Draw(t, "after") {
				for r = r.after(at); first <= at && len(list) > 0; first++ {
					list = list[1:]
				}
				continue
			}
			for r = r.upTo(at); len(list) > 0 && first+eventstore.Cursor(len(list))-1 > at; {
				list = list[:len(list)-1]
			}
		}
		got, err := decoded(r)
		if err != nil || len(got) != len(list) || r.count != len(list) {
			t.Fatalf("%d events of %d: %v", len(got), len(list), err)
		}
		for i := range got {
			if !reflect.DeepEqual(got[i], list[i]) {
				t.Errorf("%v in place of %v", got[i], list[i])
			}
		}
		if len(list) > 0 && (r.first != first || r.last() != first+eventstore.Cursor(len(list))-1) {
			t.Errorf("cursors %d to %d from %d on", r.first, r.last(), first)
		}
	})
}
