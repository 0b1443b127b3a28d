package userpool

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/job"
	"pintail/internal/store"
	"pintail/internal/userpool/csvimport"
)

// Kinds of the queue's jobs: one imports, one expires what was never started and
// clears away what was uploaded for it.
const (
	importRunKind   = "userpool.import"
	importClearKind = "userpool.import_clear"
)

// CompletionMessages. The first three are AWS's.
const (
	importSucceeded = "Import Job Completed Successfully."
	importFailures  = "Too many users have failed or been skipped during the import."
	importStopped   = "The Import Job was stopped by the developer."
	importBroken    = "The import job failed because of an internal error."
)

const (
	// rowsAtOnce is how many rows a transaction imports. On the embedded engine it
	// keeps the only writer for some 10 ms.
	rowsAtOnce = 200
	// maxImportAttempts is how often a job is begun, by crashes or errors, before it
	// fails, so that its pool does not stay closed to changes for ever.
	maxImportAttempts = 10
)

// importTask is the payload of both kinds.
type importTask struct{ Pool, Job string }

// enqueueImport hands a job to the queue in the transaction that makes it necessary.
func (s *Service) enqueueImport(tx store.Tx, kind string, j *importJob, at time.Time) error {
	payload, err := json.Marshal(importTask{j.Settings.UserPoolId, j.Settings.JobId})
	if err != nil {
		return err
	}
	return s.jobs.Enqueue(tx, job.Job{Kind: kind, ID: j.Settings.JobId, RunAt: at, Payload: payload})
}

// handleImports tells the queue who does the work.
func (s *Service) handleImports() {
	s.jobs.Handle(importRunKind, s.runImportJob, job.Options{Attempts: maxImportAttempts + 5})
	s.jobs.Handle(importClearKind, s.clearImportJob, job.Options{})
}

func (s *Service) runImportJob(ctx context.Context, j job.Job) error {
	var task importTask
	if err := json.Unmarshal(j.Payload, &task); err != nil {
		return job.Permanent(err)
	}
	r := &importRun{Service: s, importTask: task}
	if j.Attempt > maxImportAttempts {
		return r.finish(ctx, cognitoidp.UserImportJobStatusTypeFailed, importBroken)
	}
	return r.run(ctx)
}

// clearImportJob ends a job that nobody has started, and drops what was uploaded for
// one that does not need it.
func (s *Service) clearImportJob(ctx context.Context, j job.Job) error {
	var task importTask
	if err := json.Unmarshal(j.Payload, &task); err != nil {
		return job.Permanent(err)
	}
	running := false
	err := s.db.Update(ctx, func(tx store.Tx) error {
		_, err := importJobs.Modify(tx, task.Pool, task.Job, func(j *importJob) error {
			running = j.active()
			if j.expired(s.clock.Now()) {
				j.Settings.Status, j.Upload = cognitoidp.UserImportJobStatusTypeExpired, nil
			}
			return nil
		})
		return err
	})
	switch {
	case errors.Is(err, store.ErrNotFound), err == nil && running: // the run clears up after itself
		return nil
	case err != nil:
		return err
	}
	return s.dropUploads(ctx, task.Pool, task.Job)
}

// importRun is one run of a job. Any number of runs, one after the other or at once,
// import each row once: the job's document says up to where, and changes in the
// transaction that stores the rows.
type importRun struct {
	*Service
	importTask
	pool   *pool
	job    *importJob
	header csvimport.Header
	rows   *csvimport.Reader
}

var (
	// errImportOver ends a run that has nothing left to do.
	errImportOver = errors.New("userpool: the import has ended")
	// errImportMoved ends a run that another one has overtaken.
	errImportMoved = errors.New("userpool: another run imports this file")
)

// run imports what is left of the file.
func (r *importRun) run(ctx context.Context) error {
	err := r.begin(ctx)
	for err == nil {
		if err = ctx.Err(); err == nil {
			err = r.step(ctx)
		}
	}
	if header, ok := errors.AsType[*csvimport.HeaderError](err); ok {
		return r.finish(ctx, cognitoidp.UserImportJobStatusTypeFailed, header.Error()+".")
	}
	if !errors.Is(err, errImportOver) {
		return err
	}
	return r.dropUploads(ctx, r.Pool, r.Job)
}

// begin reads the job and the header of its file, and goes to where the last run
// ended.
func (r *importRun) begin(ctx context.Context) (err error) {
	r.job, err = r.change(ctx, func(tx store.Tx, j *importJob) error {
		j.Settings.Status = cognitoidp.UserImportJobStatusTypeInProgress
		found, err := pools.Get(tx, r.account, r.Pool)
		if err == nil {
			r.pool = found.keyless()
		}
		return err
	})
	if err != nil {
		return err
	}
	if r.job.Upload.Rows > csvimport.MaxRows {
		return &csvimport.HeaderError{Problem: fmt.Sprintf("The file has more than %d users", csvimport.MaxRows)}
	}
	wanted, optional := r.pool.csvHeader(), []string{csvimport.PasswordHash}
	if r.job.Settings.PasswordHashingAlgorithm != "" {
		wanted, optional = append(wanted, optional...), nil
	}
	first := csvimport.NewReader(r.openUpload(ctx, r.Pool, r.Job, r.job.Upload, 0), csvimport.Position{})
	row, _, err := first.Next()
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, csvimport.ErrTooLong):
		row = nil
	case err != nil:
		return err
	}
	if r.header, err = csvimport.ParseHeader(row, wanted, optional...); err != nil {
		return err
	}
	if r.job.At.Offset < first.At().Offset {
		r.rows = first
		return nil
	}
	at := r.job.At
	r.rows = csvimport.NewReader(r.openUpload(ctx, r.Pool, r.Job, r.job.Upload, at.Offset), at)
	return nil
}

// step imports the next batch of rows.
func (r *importRun) step(ctx context.Context) error {
	from := r.job.At
	batch, last, err := r.read()
	if err != nil {
		return err
	}
	r.job, err = r.change(ctx, func(tx store.Tx, j *importJob) error {
		if j.At != from {
			return errImportMoved
		}
		if err := r.importBatch(tx, j, batch); err != nil {
			return err
		}
		j.At = r.rows.At()
		if last {
			j.conclude(r.clock.Now())
		}
		return nil
	})
	if err == nil && last {
		err = errImportOver
	}
	return err
}

// conclude ends a job whose file has been read to its end. AWS does not tell how
// many failures are too many; here it is when there were no successes.
func (j *importJob) conclude(now time.Time) {
	if *j.Settings.ImportedUsers == 0 && *j.Settings.FailedUsers+*j.Settings.SkippedUsers > 0 {
		j.end(cognitoidp.UserImportJobStatusTypeFailed, importFailures, now)
		return
	}
	j.end(cognitoidp.UserImportJobStatusTypeSucceeded, importSucceeded, now)
}

// change lets change work on the running job and stores it. It honours a stop, and
// returns errImportOver for a job that has ended or is gone.
func (r *importRun) change(ctx context.Context, change func(store.Tx, *importJob) error) (j *importJob, err error) {
	ended := false
	err = r.patiently(ctx, func(tx store.Tx) (err error) {
		ended = false
		j, err = importJobs.Modify(tx, r.Pool, r.Job, func(j *importJob) error {
			switch {
			case !j.active():
				return errImportOver
			case j.Settings.Status == cognitoidp.UserImportJobStatusTypeStopping:
				ended = true
				j.end(cognitoidp.UserImportJobStatusTypeStopped, importStopped, r.clock.Now())
				return nil
			}
			return change(tx, j)
		})
		return err
	})
	if errors.Is(err, store.ErrNotFound) || err == nil && ended {
		err = errImportOver
	}
	return j, err
}

// patiently updates the directory, and tries again where others are in the way: that
// must not count as a failure of the import.
func (r *importRun) patiently(ctx context.Context, fn func(store.Tx) error) error {
	for {
		err := r.db.Update(ctx, fn)
		if !errors.Is(err, store.ErrContention) || ctx.Err() != nil {
			return err
		}
	}
}

// finish ends the job with a status of its own.
func (r *importRun) finish(ctx context.Context, status cognitoidp.UserImportJobStatusType, message string) error {
	_, err := r.change(ctx, func(_ store.Tx, j *importJob) error {
		j.end(status, message, r.clock.Now())
		return nil
	})
	if err != nil && !errors.Is(err, errImportOver) {
		return err
	}
	return r.dropUploads(ctx, r.Pool, r.Job)
}
