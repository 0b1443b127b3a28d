package userpool

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/job"
	"pintail/internal/store"
	"pintail/internal/userpool/logexport"
)

// logKind is the kind of the jobs that hand records over.
const logKind = "userpool.logs"

const (
	// maxLogAttempts is how often a job is begun, over some three days. What it then
	// leaves waits for the pool's next record.
	maxLogAttempts = 500
	// logTurnLife is for how long a job that fell silent keeps others from draining:
	// longer than any pause between its attempts.
	logTurnLife = 15 * time.Minute
)

// logTask is the payload of a job.
type logTask struct {
	Pool   string
	Source cognitoidp.EventSourceName
}

// logTurn says which job drains a pool's records of a source, at rest: one at a time,
// so that they keep their order and a destination that does not answer is asked by one
// job and not by those of every slot. The others need not wait: the turn ends in a
// transaction that finds nothing left, and so none of what they came for. The pool
// owns it, and its id is the source.
type logTurn struct {
	Job   string
	Until time.Time
}

var logTurns = store.NewCollection[logTurn]("log_turn")

// handleLogs tells the queue who does the work.
func (s *Service) handleLogs() {
	s.jobs.Handle(logKind, s.deliverLogs, job.Options{
		Concurrency: 8, Attempts: maxLogAttempts, Backoff: job.Exponential(5*time.Second, 10*time.Minute),
	})
}

// deliverLogs is the job.
func (s *Service) deliverLogs(ctx context.Context, j job.Job) error {
	d := &logDrain{Service: s, job: j.ID}
	if err := json.Unmarshal(j.Payload, &d.logTask); err != nil {
		return job.Permanent(err)
	}
	d.waiting = logSources[d.Source]
	if d.waiting == nil {
		return job.Permanent(fmt.Errorf("user pool: nobody knows the source %q of logs", d.Source))
	}
	err := d.run(ctx)
	if err != nil && j.Attempt >= maxLogAttempts { // the next record's job begins where this one ends
		err = errors.Join(err, s.db.Update(context.WithoutCancel(ctx), d.release))
	}
	return err
}

// logDrain is one run of a job.
type logDrain struct {
	*Service
	logTask
	job     string
	waiting *store.Collection[waitingLog]
	arn     string // where the next batch goes
}

// run hands over batch after batch until nothing waits.
func (d *logDrain) run(ctx context.Context) error {
	var sent []string
	for {
		// What was sent has to be forgotten, though ctx be done.
		batch, err := d.next(context.WithoutCancel(ctx), sent)
		if err != nil || len(batch.Records) == 0 {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		receipt, err := logexport.Put(ctx, d.triggers.Destination(d.arn), d.arn, batch)
		if sent = receipt.Taken; err == nil && len(sent) == 0 {
			err = errors.New("user pool: the destination takes no logs, and says nothing")
		}
		if receipt.Refused > 0 {
			d.log.Warn("logs of a user pool are lost: their destination refuses them as too old or too new", "arn", d.arn, "records", receipt.Refused)
		}
		if err != nil {
			d.log.Warn("logs of a user pool wait: their destination does not take them", "pool", d.Pool, "source", d.Source, "error", err)
			forget := func(tx store.Tx) error { return d.forget(tx, sent) }
			return errors.Join(err, d.db.Update(context.WithoutCancel(ctx), forget))
		}
	}
}

// next forgets what was sent and returns what follows: nothing when that is all, or
// when it is another job's turn.
func (d *logDrain) next(ctx context.Context, sent []string) (batch logexport.Batch, err error) {
	err = d.db.Update(ctx, func(tx store.Tx) error {
		batch = logexport.Batch{PoolID: d.Pool, Source: string(d.Source)}
		if err := d.forget(tx, sent); err != nil {
			return err
		}
		mine, err := d.takeTurn(tx)
		if err != nil || !mine {
			return err
		}
		if d.arn, err = logDestination(tx, d.Pool, d.Source); err != nil {
			return err
		}
		if d.arn == "" || !d.isPlaced(d.arn) {
			_, err := d.waiting.DeleteAll(tx, d.Pool)
			return errors.Join(err, d.release(tx))
		}
		rows, _, err := d.waiting.List(tx, d.Pool, store.Query{Limit: logexport.MaxRecords})
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			return d.release(tx)
		}
		batch.Records = records(rows)
		return nil
	})
	return batch, err
}

// records returns as many of the rows as a batch may hold.
func records(rows []*waitingLog) (list []logexport.Record) {
	size := 0
	for _, r := range rows {
		if size += len(r.Text) + logexport.Overhead; size > logexport.MaxBytes && len(list) > 0 {
			break
		}
		list = append(list, logexport.Record{ID: r.ID, Time: r.Time, Text: r.Text})
	}
	return list
}

// takeTurn begins or extends the job's turn, and tells whether it is this job's.
func (d *logDrain) takeTurn(tx store.Tx) (mine bool, err error) {
	now := d.clock.Now()
	turn, err := logTurns.Get(tx, d.Pool, string(d.Source))
	switch {
	case errors.Is(err, store.ErrNotFound):
		first, _, err := d.waiting.List(tx, d.Pool, store.Query{Limit: 1})
		if err != nil || len(first) == 0 { // and of a pool that is gone, no turn must stay
			return false, err
		}
	case err != nil:
		return false, err
	case turn.Job != d.job && now.Before(turn.Until):
		return false, nil
	}
	return true, logTurns.Put(tx, d.Pool, string(d.Source), &logTurn{Job: d.job, Until: now.Add(logTurnLife)})
}

// release ends the job's turn.
func (d *logDrain) release(tx store.Tx) error {
	turn, err := logTurns.Get(tx, d.Pool, string(d.Source))
	if errors.Is(err, store.ErrNotFound) || err == nil && turn.Job != d.job {
		return nil
	}
	if err != nil {
		return err
	}
	return logTurns.Delete(tx, d.Pool, string(d.Source))
}

// forget removes records that were sent. Some may be gone: with the pool, or with
// their configuration.
func (d *logDrain) forget(tx store.Tx, sent []string) error {
	for _, id := range sent {
		if err := d.waiting.Delete(tx, d.Pool, id); err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
	}
	return nil
}
