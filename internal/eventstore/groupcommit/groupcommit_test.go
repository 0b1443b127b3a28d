package groupcommit

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"testing"
	"time"
)

var background = context.Background()

// stage is a group whose commits wait for the test: each hands over its values
// and takes its outcome.
type stage struct {
	*Group[int]
	begun    chan []int
	outcomes chan error
}

func newStage(limits Limits) *stage {
	s := &stage{begun: make(chan []int), outcomes: make(chan error)}
	s.Group = New(limits, func(values []int) error {
		s.begun <- slices.Clone(values)
		return <-s.outcomes
	})
	return s
}

// call starts a Do and returns its outcome later.
func (s *stage) call(ctx context.Context, value, weight int) <-chan error {
	done := make(chan error, 1)
	go func() { done <- s.Do(ctx, value, weight) }()
	return done
}

// queue starts a Do while a commit is under way and returns when it waits.
func (s *stage) queue(ctx context.Context, value, weight int) <-chan error {
	before := len(s.requests)
	done := s.call(ctx, value, weight)
	for len(s.requests) == before {
		runtime.Gosched()
	}
	return done
}

func (s *stage) expect(t *testing.T, want ...int) {
	t.Helper()
	if got := <-s.begun; !slices.Equal(got, want) {
		t.Fatalf("the group is %v, want %v", got, want)
	}
}

func outcome(t *testing.T, done <-chan error, want error) {
	t.Helper()
	if err := <-done; !errors.Is(err, want) {
		t.Fatalf("the outcome is %v, want %v", err, want)
	}
}

func TestCallersThatWaitShareTheNextCommit(t *testing.T) {
	s := newStage(Limits{Weight: 100, Enough: 100})
	first := s.call(background, 1, 1)
	s.expect(t, 1)
	second, third := s.queue(background, 2, 1), s.queue(background, 3, 1)
	s.outcomes <- nil
	outcome(t, first, nil)
	s.expect(t, 2, 3)
	failure := errors.New("no room")
	s.outcomes <- failure
	outcome(t, second, failure)
	outcome(t, third, failure)
	s.Close()
}

func TestWeightBoundsAGroup(t *testing.T) {
	s := newStage(Limits{Weight: 10, Enough: 10})
	first := s.call(background, 1, 1)
	s.expect(t, 1)
	waiting := []<-chan error{first, s.queue(background, 2, 9), s.queue(background, 3, 5), s.queue(background, 4, 1)}
	s.outcomes <- nil
	s.expect(t, 2, 3)
	s.outcomes <- nil
	s.expect(t, 4)
	s.outcomes <- nil
	for _, done := range waiting {
		outcome(t, done, nil)
	}
	s.Close()
}

func TestCallersAreExpectedBack(t *testing.T) {
	s := newStage(Limits{Weight: 100, Enough: 100, Wait: time.Hour})
	first := s.call(background, 1, 1)
	s.expect(t, 1)
	second, third := s.queue(background, 2, 1), s.queue(background, 3, 1)
	s.outcomes <- nil
	outcome(t, first, nil)
	s.expect(t, 2, 3)
	s.outcomes <- nil
	outcome(t, second, nil)
	outcome(t, third, nil)
	second = s.call(background, 4, 1) // waits: two callers were there
	for len(s.requests) > 0 {
		runtime.Gosched()
	}
	third = s.call(background, 5, 1)
	if got := <-s.begun; len(got) != 2 {
		t.Fatalf("the group is %v, want both", got)
	}
	s.outcomes <- nil
	outcome(t, second, nil)
	outcome(t, third, nil)
	s.Close()
}

func TestWaitingForCallersEnds(t *testing.T) {
	s := newStage(Limits{Weight: 100, Enough: 100, Wait: time.Millisecond})
	first := s.call(background, 1, 1)
	s.expect(t, 1)
	second, third := s.queue(background, 2, 1), s.queue(background, 3, 1)
	s.outcomes <- nil
	outcome(t, first, nil)
	s.expect(t, 2, 3)
	s.outcomes <- nil
	outcome(t, second, nil)
	outcome(t, third, nil)
	alone := s.call(background, 4, 1)
	s.expect(t, 4)
	s.outcomes <- nil
	outcome(t, alone, nil)
	s.Close()
}

func TestACallerMayGiveUpBeforeItsCommit(t *testing.T) {
	s := newStage(Limits{Weight: 100, Enough: 100})
	begun, giveUpBegun := context.WithCancel(background)
	first := s.call(begun, 1, 1)
	s.expect(t, 1)
	waiting, giveUp := context.WithCancel(background)
	second, third := s.queue(waiting, 2, 1), s.queue(background, 3, 1)
	giveUpBegun()
	giveUp()
	outcome(t, second, context.Canceled)
	s.outcomes <- nil
	outcome(t, first, nil) // its commit had begun
	s.expect(t, 3)
	s.outcomes <- nil
	outcome(t, third, nil)
	s.Close()
}

func TestACallerWhoseContextHasEndedIsNotCommitted(t *testing.T) {
	g := New(Limits{Weight: 100, Enough: 100}, func(values []int) error {
		t.Errorf("%v was committed", values)
		return nil
	})
	ended, end := context.WithCancel(background)
	end()
	for range 1000 {
		if err := g.Do(ended, 1, 1); !errors.Is(err, context.Canceled) {
			t.Fatalf("the outcome is %v", err)
		}
	}
	g.Close()
}

func TestCloseWaitsForTheCommitUnderWay(t *testing.T) {
	s := newStage(Limits{Weight: 1, Enough: 1})
	first := s.call(background, 1, 1)
	s.expect(t, 1)
	closed := make(chan struct{})
	go func() { s.Close(); close(closed) }()
	<-s.closing
	outcome(t, s.call(background, 2, 1), ErrClosed)
	select {
	case <-closed:
		t.Fatal("Close did not wait")
	default:
	}
	s.outcomes <- nil
	outcome(t, first, nil)
	<-closed
	s.Close()
}
