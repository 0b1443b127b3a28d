package userpool

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

const (
	// maxReports is how many reports wait at most. Those beyond are dropped: no call waits
	// for one.
	maxReports = 8 << 10
	// reportBatch is how many are recorded together, when as many wait.
	reportBatch = 100
	// reportTime is how long a batch may take.
	reportTime = 10 * time.Second
	// complainEvery is how often the log is told of a client whose reports fail.
	complainEvery = time.Minute
	// maxEndpointID is the longest endpoint id that is worth keeping in memory, in bytes: no
	// project takes a longer one. maxName is the same of usernames.
	maxEndpointID = 1024
	maxName       = 1024
)

// Outcomes of reports, as the metrics show them.
const (
	outcomeRecorded = "recorded"
	outcomeRefused  = "refused" // by the role, or by the project
	outcomeFailed   = "failed"
	outcomeDropped  = "dropped" // because there are too many
)

var (
	errTooMany    = errors.New("too many reports wait")
	errSource     = errors.New("too many reports came from one address within the hour")
	errEndpointID = fmt.Errorf("an AnalyticsEndpointId has more than %d bytes", maxEndpointID)
)

// queuedReport is a report on its way.
type queuedReport struct {
	pool   *pool
	client *client
	report Report // of no endpoint, if there is only something to share
	name   string // the username that somebody typed who was refused
	share  string // sub of a user whose addresses the project should have
}

// reportQueue hands reports over in the order in which they came, in batches, from one
// goroutine that begins with the first report.
type reportQueue struct {
	deliver func(context.Context, []queuedReport)

	mu      sync.Mutex
	waiting chan queuedReport // nil before there was any
	closed  bool
	ended   chan struct{}
	cancel  context.CancelFunc
}

// add lets a report wait, and is false where it cannot.
func (q *reportQueue) add(r queuedReport) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return false
	}
	if q.waiting == nil {
		q.waiting, q.ended = make(chan queuedReport, maxReports), make(chan struct{})
		var ctx context.Context
		ctx, q.cancel = context.WithCancel(context.Background())
		go q.run(ctx)
	}
	select {
	case q.waiting <- r:
		return true
	default:
		return false
	}
}

func (q *reportQueue) run(ctx context.Context) {
	defer close(q.ended)
	for first := range q.waiting {
		batch := append(make([]queuedReport, 0, reportBatch), first)
		for more := true; more && len(batch) < reportBatch; {
			select {
			case r, ok := <-q.waiting:
				if more = ok; ok {
					batch = append(batch, r)
				}
			default:
				more = false
			}
		}
		limited, done := context.WithTimeout(ctx, reportTime)
		q.deliver(limited, batch)
		done()
	}
}

// close takes no more reports and waits for those that wait, for a limited time.
func (q *reportQueue) close(patience time.Duration) {
	q.mu.Lock()
	begun := q.waiting != nil && !q.closed
	if q.closed = true; begun {
		close(q.waiting)
	}
	q.mu.Unlock()
	if !begun {
		return
	}
	select {
	case <-q.ended:
	case <-time.After(patience):
	}
	q.cancel()
	<-q.ended
}

// deliverReports hands a batch over, client by client. A panic costs the batch, and not the
// server.
func (s *Service) deliverReports(ctx context.Context, batch []queuedReport) {
	defer func() {
		if p := recover(); p != nil {
			s.unreported(&batch[0], outcomeFailed, fmt.Errorf("panic: %v", p))
		}
	}()
	byClient := make(map[string][]*queuedReport)
	var order []string
	for i := range batch {
		q := &batch[i]
		if local, err := s.isLocal(ctx, q); err != nil || !local {
			if err != nil {
				s.unreported(q, outcomeFailed, err)
			}
			continue
		}
		if q.report.EndpointID != "" {
			id := q.client.ClientId
			if byClient[id] == nil {
				order = append(order, id)
			}
			byClient[id] = append(byClient[id], q)
		}
	}
	for _, id := range order {
		s.recordReports(ctx, byClient[id])
	}
	for i := range batch {
		if batch[i].share != "" {
			s.shareAddresses(ctx, &batch[i])
		}
	}
}

// isLocal tells whether it is not a user of another identity provider who was refused.
func (s *Service) isLocal(ctx context.Context, q *queuedReport) (bool, error) {
	if q.name == "" {
		return true, nil
	}
	u, err := s.find(ctx, q.pool, q.name)
	return !u.federated(), err
}

// recordReports hands the reports of one client over.
func (s *Service) recordReports(ctx context.Context, queued []*queuedReport) {
	newest := queued[len(queued)-1]
	reports := make([]Report, len(queued))
	for i, q := range queued {
		reports[i] = q.report
	}
	recorded := 0
	for i, err := range s.analytics.Record(ctx, s.roleOf(newest), newest.client.project, reports) {
		if err == nil {
			recorded++
		} else {
			s.unreported(queued[i], outcomeOf(err), err)
		}
	}
	s.observeReports(outcomeRecorded, recorded)
}

func (s *Service) roleOf(q *queuedReport) ReportRole {
	return s.reportRole(q.pool.Id, q.client.AnalyticsConfiguration)
}

func outcomeOf(err error) string {
	if _, refused := errors.AsType[*UnreportedError](err); refused {
		return outcomeRefused
	}
	return outcomeFailed
}

// unreported counts a report that came to nothing, and now and then tells the log why.
func (s *Service) unreported(q *queuedReport, outcome string, err error) {
	s.observeReports(outcome, 1)
	tell, now := false, s.clock.Now()
	s.complaints.use(q.client.ClientId+" "+outcome, now, func(last *time.Time) {
		if tell = last.IsZero() || now.Sub(*last) >= complainEvery; tell {
			*last = now
		}
	})
	if tell {
		s.log.Warn("what an app client reports to Pinpoint is not recorded", "pool", q.pool.Id, "client", q.client.ClientId,
			"project", q.client.project, "role", cmp.Or(q.client.AnalyticsConfiguration.RoleArn, "none"), "outcome", outcome, "error", err)
	}
}
