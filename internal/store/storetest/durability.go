package storetest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"

	"pintail/internal/store"
)

// childEnv tells a test binary that it is the child that writes, and where.
const childEnv = "STORETEST_CHILD"

// writers is the number of goroutines with which the child writes.
const writers = 8

// Main runs the tests of an engine's package. Its TestMain calls it.
func Main(m *testing.M, e Engine) {
	if location := os.Getenv(childEnv); location != "" {
		fmt.Fprintln(os.Stderr, "storetest:", writeForever(suite{e}, location))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// durability kills a program that writes, several times over one database.
func (s suite) durability(t *testing.T) {
	location := s.Location(t)
	for range 3 {
		Survive(t, s.Engine, location, func(child *os.Process) {
			if err := child.Kill(); err != nil {
				t.Error(err)
			}
		})
	}
}

// Survive starts a child process that writes to the database at a location and
// prints what it is told has been written. At a random moment it calls crash,
// which has to end the child by some disaster. It then checks that everything
// that was acknowledged is there, and nothing by halves.
func Survive(t *testing.T, e Engine, location string, crash func(child *os.Process)) {
	t.Helper()
	s := suite{e}
	child := exec.CommandContext(t.Context(), os.Args[0])
	child.Env = append(os.Environ(), childEnv+"="+location)
	var said strings.Builder
	child.Stderr = &said
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	moment := 1 + rand.IntN(1500)
	acknowledged := make(map[int]int)
	lines := bufio.NewScanner(out)
	for n := 0; lines.Scan(); n++ {
		var writer, round int
		if _, err := fmt.Sscanf(lines.Text(), "%d %d.", &writer, &round); err != nil {
			break // the child died in the middle of a line
		}
		acknowledged[writer] = round
		if n == moment {
			crash(child.Process)
		}
	}
	if err := child.Wait(); err == nil {
		t.Error("the child was not killed")
	}
	t.Logf("killed after %d acknowledgements; it said: %s", moment, said.String())
	db := s.openAt(t, location, kinds...)
	defer db.Close()
	for writer := range writers {
		view(t, db, func(tx store.Tx) error { return checkWriter(t, tx, writer, acknowledged[writer]) })
	}
}

// checkWriter checks what one goroutine of the child wrote: in each round a
// document, together with a counter of rounds.
func checkWriter(t *testing.T, tx store.Tx, writer, acknowledged int) error {
	owner := fmt.Sprint("writer", writer)
	c, err := counters.Get(tx, owner, "rounds")
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	if c == nil {
		c = new(counter)
	}
	if c.N < acknowledged {
		t.Errorf("writer %d: round %d was acknowledged, and the last is %d", writer, acknowledged, c.N)
	}
	next := 0
	for p, err := range people.All(tx, owner, store.Query{}) {
		if err != nil {
			return err
		}
		if next++; p.Age != int64(next) {
			t.Fatalf("writer %d: document of round %d is missing", writer, next)
		}
	}
	if next != c.N {
		t.Errorf("writer %d: %d documents of %d rounds", writer, next, c.N)
	}
	return nil
}

// writeForever writes until it fails. Each goroutine goes on where it stopped
// when the program was killed the last time.
func writeForever(s suite, location string) error {
	ctx := context.Background()
	db, err := s.Open(ctx, location, kinds...)
	if err != nil {
		return err
	}
	failed := make(chan error, writers)
	for writer := range writers {
		go func() {
			for {
				round, err := writeRound(ctx, db, fmt.Sprint("writer", writer))
				if err != nil {
					failed <- err
					return
				}
				fmt.Printf("%d %d.\n", writer, round) // one write of a whole line
			}
		}()
	}
	return <-failed
}

// writeRound writes the document of the next round.
func writeRound(ctx context.Context, db store.DB, owner string) (round int, err error) {
	err = db.Update(ctx, func(tx store.Tx) error {
		c, err := counters.Get(tx, owner, "rounds")
		if errors.Is(err, store.ErrNotFound) {
			c, err = new(counter), nil
		}
		if err != nil {
			return err
		}
		c.N++
		round = c.N
		name := fmt.Sprintf("%08d", round)
		return errors.Join(
			people.Insert(tx, owner, name, &person{Name: name, Age: int64(round)}),
			counters.Put(tx, owner, "rounds", c))
	})
	return round, err
}
