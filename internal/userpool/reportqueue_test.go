package userpool

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// reported is a report of an endpoint.
func reported(id string) queuedReport { return queuedReport{report: Report{EndpointID: id}} }

// Reports are handed over in their order, in batches; when too many wait, the next ones are
// refused and nobody waits.
func TestReportQueue(t *testing.T) {
	var got []string
	began, goOn := make(chan int, 1), make(chan bool)
	q := &reportQueue{deliver: func(_ context.Context, batch []queuedReport) {
		if len(got) == 0 {
			began <- len(batch)
			<-goOn
		}
		if len(batch) > reportBatch {
			t.Errorf("a batch of %d", len(batch))
		}
		for _, r := range batch {
			got = append(got, r.report.EndpointID)
		}
	}}
	var want []string
	add := func(id string) bool {
		if !q.add(reported(id)) {
			return false
		}
		want = append(want, id)
		return true
	}
	add("first")
	if n := <-began; n != 1 {
		t.Errorf("the first batch has %d reports", n)
	}
	for i := range maxReports {
		if !add(fmt.Sprint(i)) {
			t.Fatalf("report %d is refused", i)
		}
	}
	if add("too many") {
		t.Error("there is room for more than there should be")
	}
	close(goOn)
	q.close(time.Minute)
	if !slices.Equal(got, want) {
		t.Errorf("%d reports of %d came through", len(got), len(want))
	}
	if q.add(reported("late")) {
		t.Error("a report is taken after the end")
	}
	q.close(time.Minute) // again
}

// Who waits for the end waits for a limited time: what is under way is told to stop.
func TestReportQueueGivesUp(t *testing.T) {
	stopped := false
	q := &reportQueue{deliver: func(ctx context.Context, _ []queuedReport) {
		<-ctx.Done()
		stopped = true
	}}
	q.add(reported("x"))
	q.close(0)
	if !stopped {
		t.Error("the end did not wait for what is under way")
	}
	new(reportQueue).close(time.Minute) // that never began
}

// Whatever goes wrong with reports, it is counted and the server goes on.
func TestReportsThatPanic(t *testing.T) {
	r := newRoom(t) // where there is nothing to report to
	outcomes := map[string]int{}
	r.observeReports = func(outcome string, n int) { outcomes[outcome] += n }
	cl := *r.client
	settings := *cl.UserPoolClientType
	settings.AnalyticsConfiguration = analyticsOf(strings.Repeat("0", 32))
	cl.UserPoolClientType, cl.project = &settings, settings.AnalyticsConfiguration.ApplicationArn
	q := reported("x")
	q.pool, q.client = r.pool, &cl
	r.deliverReports(t.Context(), []queuedReport{q})
	if outcomes[outcomeFailed] != 1 || len(outcomes) != 1 {
		t.Errorf("outcomes %v", outcomes)
	}
}
