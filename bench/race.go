package main

import (
	"context"
	"errors"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// outcome is what a number of workers did in a while.
type outcome struct {
	operations int
	elapsed    time.Duration
	p50, p99   time.Duration // of an operation
	cpu        time.Duration // of the processes that were watched, for an operation
	own        time.Duration // of this process, for an operation
}

// rate returns operations per second.
func (o outcome) rate() float64 { return float64(o.operations) / o.elapsed.Seconds() }

// race lets workers repeat an operation for a while; watched are the processes
// whose time counts. The operation is told who works and the number of
// the operation, from 0. Its first error ends the race and is returned.
func race(ctx context.Context, workers int, d time.Duration, watched watch, work func(worker, n int) error) (outcome, error) {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	took := make([][]time.Duration, workers)
	var next atomic.Int64
	var all sync.WaitGroup
	before, err := watched()
	if err != nil {
		return outcome{}, err
	}
	own := watchProcess(os.Getpid())
	ownBefore, err := own()
	if err != nil {
		return outcome{}, err
	}
	began := time.Now()
	for worker := range workers {
		all.Go(func() {
			for ctx.Err() == nil {
				at := time.Now()
				if err := work(worker, int(next.Add(1)-1)); err != nil {
					fail(err)
					return
				}
				took[worker] = append(took[worker], time.Since(at))
			}
		})
	}
	all.Wait()
	elapsed := time.Since(began)
	after, err := watched()
	ownAfter, _ := own()
	times := slices.Concat(took...)
	n := len(times)
	if cause := context.Cause(ctx); !errors.Is(cause, context.DeadlineExceeded) || n == 0 {
		return outcome{}, cause
	}
	slices.Sort(times)
	return outcome{
		operations: n, elapsed: elapsed, p50: times[n/2], p99: times[n*99/100],
		cpu: (after - before) / time.Duration(n), own: (ownAfter - ownBefore) / time.Duration(n),
	}, err
}
