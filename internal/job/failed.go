package job

import (
	"context"
	"time"

	"pintail/internal/store"
)

// Failure is a job that has been given up.
type Failure struct {
	Job
	Time  time.Time
	Error string
}

// Failures returns the latest failed jobs of a kind, the newest first.
func (q *Queue) Failures(tx store.Tx, kind string, limit int) ([]Failure, error) {
	failed, _, err := rows.List(tx, kind, store.Query{Index: "failed", Limit: limit, Descending: true})
	list := make([]Failure, len(failed))
	for i, r := range failed {
		list[i] = Failure{Job: r.job(kind), Time: r.Failed, Error: r.Error}
	}
	return list, err
}

// Retry has a failed job start anew. It returns store.ErrNotFound where there is
// no job with this id; a job that has not failed is left alone.
func (q *Queue) Retry(tx store.Tx, kind, id string) error {
	r, err := rows.Get(tx, kind, id)
	if err != nil || r.Failed.IsZero() {
		return err
	}
	return q.Enqueue(tx, Job{Kind: kind, ID: id, Payload: r.Payload})
}

// job is the row as its handler sees it.
func (r *row) job(kind string) Job {
	return Job{Kind: kind, ID: r.ID, RunAt: r.Next, Payload: r.Payload, Attempt: r.Attempts}
}

const (
	pruneKind  = "job.prune"
	keepFailed = 30 * 24 * time.Hour
)

// prune forgets jobs that failed long ago. It is a periodic job itself.
func (q *Queue) prune(ctx context.Context, _ Job) error {
	limit := q.c.Clock.Now().Add(-keepFailed)
	for name := range q.kinds {
		for more := true; more; {
			err := q.c.DB.Update(ctx, func(tx store.Tx) (err error) {
				more, err = forget(tx, name, limit)
				return err
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// forget deletes a page of failed jobs, and tells whether there may be more.
func forget(tx store.Tx, kind string, limit time.Time) (more bool, err error) {
	const page = 200
	failed, _, err := rows.List(tx, kind, store.Query{Index: "failed", Limit: page})
	if err != nil {
		return false, err
	}
	for _, r := range failed {
		if r.Failed.After(limit) {
			return false, nil
		}
		if err := rows.Delete(tx, kind, r.ID); err != nil {
			return false, err
		}
	}
	return len(failed) == page, nil
}
