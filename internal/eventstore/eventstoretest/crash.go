package eventstoretest

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"pintail/internal/eventstore"
)

// childPlace is the environment variable that makes a test binary the victim
// of RunCrash.
const childPlace = "EVENTSTORETEST_CHILD_PLACE"

// eraserPlace does so for RunEraseCrash.
const eraserPlace = "EVENTSTORETEST_ERASER_PLACE"

// Victim's load: writers that append batches of these sizes.
var victimBatches = [...]int{1, 3, 100, 700}

// Main runs a package's tests, or, in the processes that RunCrash and
// RunEraseCrash start, appends or erases until it is killed. Engines call it from
// TestMain.
func Main(m *testing.M, target Target) {
	if place := os.Getenv(eraserPlace); place != "" {
		fmt.Fprintln(os.Stderr, beEraser(target, place))
		os.Exit(1)
	}
	place := os.Getenv(childPlace)
	if place == "" {
		os.Exit(m.Run())
	}
	fmt.Fprintln(os.Stderr, beVictim(target, place))
	os.Exit(1)
}

// beVictim appends from several goroutines and prints the name of each batch
// once it is acknowledged. It returns only when something fails.
func beVictim(target Target, place string) error {
	s, err := target.Open(background, place)
	if err != nil {
		return err
	}
	failed := make(chan error)
	var output sync.Mutex
	for writer, size := range victimBatches {
		go func() {
			for n := 0; ; n++ {
				name := fmt.Sprintf("%d-%d-%d", os.Getpid(), writer, n)
				if err := s.Append(background, victimBatch(name, size)); err != nil {
					failed <- err
					return
				}
				output.Lock()
				fmt.Println(name, size)
				output.Unlock()
			}
		}()
	}
	return <-failed
}

func victimBatch(name string, size int) []eventstore.Event {
	list := make([]eventstore.Event, size)
	for i := range list {
		list[i] = event("app", i)
		list[i].Session.ID, list[i].EventID = name, name+"-"+strconv.Itoa(i)
		list[i].Attributes = map[string]string{"batch": name, "screen": "a screen with a longer name"}
	}
	return list
}

// RunCrash kills a process with SIGKILL while it appends, several times on the
// same place, and checks each time that every acknowledged batch is complete,
// no batch is there in part, the store is soon ready, and batches that are appended
// again are not recorded again.
func RunCrash(t *testing.T, target Target, ready time.Duration) {
	place := target.Place(t)
	acknowledged := map[string]int{}
	for round := range 4 {
		kill(t, place, 200+rand.IntN(400), acknowledged)
		began := time.Now()
		s, err := target.Open(t.Context(), place)
		if err != nil {
			t.Fatalf("open after a kill: %v", err)
		}
		took := time.Since(began)
		found := batchesOf(t, s)
		t.Logf("round %d: %d batches acknowledged, %d found, ready after %v, read after %v", round, len(acknowledged), len(found), took, time.Since(began))
		if took > ready {
			t.Errorf("ready after %v, want %v", took, ready)
		}
		for name, size := range acknowledged {
			if found[name] != size {
				t.Errorf("batch %s: %d events of %d", name, found[name], size)
			}
		}
		for name, size := range found {
			var writer, pid, n int
			if _, err := fmt.Sscanf(name, "%d-%d-%d", &pid, &writer, &n); err != nil || size != victimBatches[writer] {
				t.Errorf("batch %s is there in part: %d events (%v)", name, size, err)
			}
		}
		checkResend(t, s, found)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// checkResend appends the newest of the batches that were found once more.
func checkResend(t *testing.T, s eventstore.Store, found map[string]int) {
	t.Helper()
	all := scan(t, s, eventstore.Query{})
	sent := map[string]bool{}
	for i := len(all) - 1; i >= 0 && len(sent) < 50; i-- {
		if name := all[i].Event.Session.ID; !sent[name] {
			sent[name] = true
			appendAll(t, s, victimBatch(name, found[name])...)
		}
	}
	same(t, "batches after a resend", found, batchesOf(t, s))
}

// kill runs a victim until it has acknowledged so many batches, kills it and
// notes all acknowledged batches and their sizes.
func kill(t *testing.T, place string, after int, acknowledged map[string]int) {
	t.Helper()
	victim, output, complaints := startVictim(t, childPlace, place)
	heard := 0
	for lines := bufio.NewScanner(output); lines.Scan(); heard++ {
		if heard == after {
			if err := victim.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
		var name string
		var size int
		if _, err := fmt.Sscan(lines.Text(), &name, &size); err == nil && size > 0 {
			acknowledged[name] = size
		}
	}
	err := victim.Wait()
	if heard <= after {
		t.Fatalf("the victim ended by itself: %v: %s", err, complaints.String())
	}
}

// startVictim runs this test binary as what a variable of its environment makes it, for
// a minute at most.
func startVictim(t *testing.T, variable, place string) (victim *exec.Cmd, output io.Reader, complaints *strings.Builder) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	victim, complaints = exec.CommandContext(ctx, os.Args[0]), new(strings.Builder)
	victim.Env = append(os.Environ(), variable+"="+place)
	victim.Stderr = complaints
	output, err := victim.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := victim.Start(); err != nil {
		t.Fatal(err)
	}
	return victim, output, complaints
}

// batchesOf counts the events of each batch; an event that is there twice
// counts twice.
func batchesOf(t *testing.T, s eventstore.Store) map[string]int {
	found := map[string]int{}
	for _, r := range scan(t, s, eventstore.Query{}) {
		found[r.Event.Session.ID]++
	}
	return found
}
