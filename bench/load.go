package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"slices"
	"time"
)

// load is an operation to be repeated over a number of connections.
type load struct {
	name   string
	size   int                      // what one operation counts for, 1 when 0
	ready  func() (workFunc, error) // makes what is to be sent, which may age
	floor  floorFunc
	target target
}

// workFunc runs the operation with this number once and checks its answer.
type workFunc func(c *conn, n int) error

// floorFunc measures the floor of a load over so many connections.
type floorFunc func(ctx context.Context, connections int) (floor, error)

// floor is what the machine can do at best for an operation, measured without
// the server: either the processor time that one cannot do without, or what one
// can do in a second.
type floor struct {
	what string
	rate float64       // in what the load counts, per second
	cpu  time.Duration // zero when the rate is the floor
}

// target is what the load shall reach from so many connections on; a zero field
// demands nothing.
type target struct {
	share float64 // of the floor
	rate  float64 // per second
	from  int     // connections
}

// figure is one line of the report.
type figure struct {
	load
	outcome
	floor       floor
	connections int
}

// perSecond is the rate in what the load counts.
func (f figure) perSecond() float64 { return f.rate() * float64(max(f.size, 1)) }

// share tells how close to the floor the server came: the processor time that
// the operation needs over what the server took, or the server's rate over the
// floor's.
func (f figure) share() float64 {
	if f.floor.cpu > 0 {
		return float64(f.floor.cpu) / float64(f.cpu)
	}
	return f.perSecond() / f.floor.rate
}

// met tells whether the load reached its target.
func (f figure) met() bool {
	return f.share() >= f.target.share && f.perSecond() >= f.target.rate
}

// rounds is how often a load and its floor are measured in turn. The round with
// the median share is reported: who else uses the machine may disturb the others.
const rounds = 3

// measure runs a load and its floor over each number of connections.
func (b *bench) measure(ctx context.Context, s *server, l load) ([]figure, error) {
	work, err := l.ready()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", l.name, err)
	}
	var figures []figure
	for _, connections := range []int{1, 16, 64} {
		fmt.Fprintf(os.Stderr, "%s, %d connections ...\n", l.name, connections)
		var tried []figure
		for range rounds {
			f, err := l.floor(ctx, connections)
			if err != nil {
				return nil, fmt.Errorf("the floor of %s: %w", l.name, err)
			}
			o, err := drive(ctx, s.address, s.watch, connections, b.while, work)
			if err != nil {
				return nil, fmt.Errorf("%s over %d connections: %w", l.name, connections, err)
			}
			tried = append(tried, figure{load: l, outcome: o, floor: f, connections: connections})
		}
		slices.SortFunc(tried, func(a, b figure) int { return cmp.Compare(a.share(), b.share()) })
		figures = append(figures, tried[rounds/2])
	}
	return figures, nil
}

// warmUp is how long a load runs before it is measured.
const warmUp = 300 * time.Millisecond

// drive opens connections to a server and works over them at once, first to warm up
// and then for a while to measure. The server's processes are watched.
func drive(ctx context.Context, address string, watched watch, connections int, while time.Duration, work workFunc) (outcome, error) {
	conns := make([]*conn, connections)
	for i := range conns {
		c, err := dial(address)
		if err != nil {
			return outcome{}, err
		}
		defer c.Close()
		conns[i] = c
	}
	operation := func(worker, n int) error { return work(conns[worker], n) }
	if _, err := race(ctx, connections, warmUp, watched, operation); err != nil {
		return outcome{}, err
	}
	return race(ctx, connections, while, watched, operation)
}
