package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"pintail/internal/gen/pinpoint"
)

// appLoads are the loads of an app that reports.
func (b *bench) appLoads(t *site) []load {
	return []load{
		{
			name: "UpdateEndpoint", ready: t.updateEndpoints, floor: b.directoryFloor,
			target: target{share: 0.8, from: 64},
		},
		{
			name: "PutEvents, 1 event", ready: func() (workFunc, error) { return t.putEvents(1) },
			floor: func(ctx context.Context, connections int) (floor, error) { return b.eventsFloor(ctx, connections, 1) },
		},
		{
			name: "PutEvents, 100 events", size: 100, ready: func() (workFunc, error) { return t.putEvents(100) },
			floor:  func(ctx context.Context, _ int) (floor, error) { return b.eventsFloor(ctx, 1, 1000) },
			target: target{share: 0.4, rate: 100_000, from: 16},
		},
	}
}

// updateEndpoints makes the endpoints and returns a load that reports them anew,
// all over the directory.
func (t *site) updateEndpoints() (workFunc, error) {
	requests := make([]request, endpoints)
	for n := range requests {
		requests[n] = t.guest.request(pinpoint.UpdateEndpoint.Operation, endpoint(n), t.app, endpointID(n))
	}
	update := func(c *conn, n int) error {
		body, err := c.do(requests[n%len(requests)])
		if err == nil && !bytes.Contains(body, []byte(`"Accepted"`)) {
			err = fmt.Errorf("UpdateEndpoint answered %s", body)
		}
		return err
	}
	return update, t.all(len(requests), update)
}

// all runs a load's operations with the numbers below n once each.
func (t *site) all(n int, work workFunc) error {
	const connections = 64
	var group errgroup.Group
	for first := range connections {
		group.Go(func() error {
			c, err := dial(t.address)
			if err != nil {
				return err
			}
			defer c.Close()
			for i := first; i < n && err == nil; i += connections {
				err = work(c, i)
			}
			return err
		})
	}
	return group.Wait()
}

// devices is the number of endpoints that report events.
const devices = 512

// putEvents reports so many events of one device at once. The server would leave out what
// it has recorded before, so each request gets times of its own and is signed as it is
// sent: that much of the client's work is in the figures.
func (t *site) putEvents(size int) (workFunc, error) {
	op, began := pinpoint.PutEvents.Operation, time.Now()
	bodies := make([][]byte, devices)
	for n := range bodies {
		var err error
		if bodies[n], err = json.Marshal(events(endpointID(n), size, began)); err != nil {
			return nil, err
		}
	}
	path, header := strings.Replace(op.Path, "{application-id}", t.app, 1), http.Header{"Content-Type": {"application/x-amz-json-1.1"}}
	old, sent := []byte(stamp(began)), new(atomic.Int64)
	return func(c *conn, n int) error {
		at := began.Add(time.Duration(sent.Add(1)) * time.Millisecond)
		body := bytes.ReplaceAll(bodies[n%len(bodies)], old, []byte(stamp(at)))
		answer, err := c.do(t.guest.write(op.Method, path, op.Service.SigningName, header.Clone(), body))
		if err == nil {
			err = checkAccepted(answer, size)
		}
		return err
	}, nil
}

// checkAccepted makes sure that an answer of PutEvents accepts every event, and
// the endpoint too.
func checkAccepted(body []byte, size int) error {
	all, accepted := bytes.Count(body, []byte(`"StatusCode":`)), bytes.Count(body, []byte(`"StatusCode":202`))
	if all != accepted || accepted != size+1 {
		return fmt.Errorf("PutEvents accepted %d of %d items: %s", accepted, size+1, body)
	}
	return nil
}
