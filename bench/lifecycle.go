package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"slices"
	"sync/atomic"
	"time"

	"pintail/internal/app"
)

// starts is how often a start on an empty folder is measured.
const starts = 5

// lifecycle is what the server does when nobody or everybody asks for something.
type lifecycle struct {
	start    time.Duration // on an empty folder, median
	memory   int           // resident, idle, bytes
	private  int           // of which not pages of the program's file
	recovery time.Duration // from the start after a kill under load, slowest
	lost     int           // acknowledged events that were gone after a kill
}

// idle measures starts on empty folders, and the memory of the last server once
// it has come to rest.
func (b *bench) idle(ctx context.Context) (*lifecycle, error) {
	l := new(lifecycle)
	fmt.Fprintln(os.Stderr, "start on an empty folder ...")
	var took []time.Duration
	for n := range starts {
		folder, err := os.MkdirTemp(b.folder, "start")
		if err != nil {
			return nil, err
		}
		s, t, err := b.startServer(ctx, folder)
		if err != nil {
			return nil, err
		}
		took = append(took, t)
		if n == starts-1 {
			fmt.Fprintln(os.Stderr, "idle memory ...")
			err = l.rest(ctx, s)
		}
		if stopped := s.stop(); err == nil {
			err = stopped
		}
		if err != nil {
			return nil, err
		}
	}
	slices.Sort(took)
	l.start = took[len(took)/2]
	return l, nil
}

const (
	restFor  = 3 * time.Second // memory that keeps still so long is at rest
	restMost = 15 * time.Second
	restStep = 256 << 10 // bytes; less is not a change
)

// rest reads the memory of a server until it keeps still.
func (l *lifecycle) rest(ctx context.Context, s *server) error {
	look := time.NewTicker(restFor / 10)
	defer look.Stop()
	last, since := 0, time.Now()
	for began := since; time.Since(since) < restFor && time.Since(began) < restMost; {
		now, err := memory(s.Process.Pid, "VmRSS")
		if err != nil {
			return err
		}
		if now > last+restStep || now < last-restStep {
			last, since = now, time.Now()
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	var err error
	if l.private, err = memory(s.Process.Pid, "RssAnon"); err != nil {
		return err
	}
	l.memory, err = memory(s.Process.Pid, "VmRSS")
	return err
}

const (
	kills    = 3               // how often the server is killed
	pressure = 3 * time.Second // how long events pour in before
)

// crash kills the server while events pour in, starts it again on its folder,
// and counts whether everything that it acknowledged is there. It reports the
// slowest start.
func (b *bench) crash(ctx context.Context, t *site, l *lifecycle) error {
	defer func() { _ = t.kill() }()
	for range kills {
		fmt.Fprintln(os.Stderr, "kill -9 under load ...")
		before, err := t.countEvents()
		if err != nil {
			return err
		}
		acknowledged, err := t.killUnderLoad(ctx)
		if err != nil {
			return err
		}
		again, took, err := b.startServer(ctx, t.folder)
		if err != nil {
			return err
		}
		t.moveTo(again)
		after, err := t.countEvents()
		if err != nil {
			return err
		}
		l.recovery = max(l.recovery, took)
		l.lost += max(0, before+acknowledged-after)
	}
	return nil
}

// killUnderLoad returns the number of events that the server acknowledged before
// it was killed.
func (t *site) killUnderLoad(ctx context.Context) (int, error) {
	const size, connections = 100, 16
	put, err := t.putEvents(size)
	if err != nil {
		return 0, err
	}
	var acknowledged atomic.Int64
	killed := make(chan error, 1)
	fuse := time.AfterFunc(pressure, func() { killed <- t.kill() })
	_, failure := drive(ctx, t.address, t.watch, connections, pressure+patience, func(c *conn, n int) error {
		err := put(c, n)
		if err == nil {
			acknowledged.Add(size)
		}
		return err
	})
	if fuse.Stop() {
		return 0, failure // it was not the kill that ended the load
	}
	return int(acknowledged.Load()), <-killed
}

// countEvents asks the server how many events of the app it holds.
func (t *site) countEvents() (int, error) {
	c, err := dial(t.address)
	if err != nil {
		return 0, err
	}
	defer c.Close()
	var activity struct{ Events []struct{ Count int } }
	if err := c.ask(t.root.write(http.MethodGet, "/_pintail/apps/"+t.app+"/activity", app.SigningName, http.Header{}, nil), &activity); err != nil {
		return 0, err
	}
	total := 0
	for _, kind := range activity.Events {
		total += kind.Count
	}
	return total, nil
}
