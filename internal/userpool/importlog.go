package userpool

import (
	"context"
	"errors"
	"fmt"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/store"
)

// importLines are lines of a job's log, those of one batch of rows. The pool owns
// them, and their id is the job's and the number of the first line of the file.
type importLines struct {
	Job   string
	First int
	Lines []string
}

var importLogs = store.NewCollection[importLines]("user_import_log")

// place is where the lines are in the log.
func (l *importLines) place() string { return fmt.Sprintf("%09d", l.First) }

func (l *importLines) id() string { return l.Job + "/" + l.place() }

// outcome is what became of a row.
type outcome string

const (
	rowSucceeded outcome = "SUCCEEDED"
	rowSkipped   outcome = "SKIPPED"
	rowFailed    outcome = "FAILED"
)

// add adds what became of a row, in the form of the lines that AWS writes to
// CloudWatch (Cognito developer guide, "Viewing the results").
func (l *importLines) add(o outcome, line int, text string) {
	l.Lines = append(l.Lines, fmt.Sprintf("[%s] Line Number %d - %s", o, line, text))
}

// ErrNoImport says that a pool has no such import job.
var ErrNoImport = errors.New("userpool: no such import job")

// ImportLog is a page of an import job's log.
type ImportLog struct {
	Status cognitoidp.UserImportJobStatusType // of the job
	Lines  []string
	Next   string // the place in the log that follows the lines
	More   bool   // there are lines already that follow them
}

// maxLogBatches is how many batches a page of a log holds.
const maxLogBatches = 100

// ImportLog returns the lines of an import job's log that follow a place in it, ""
// for its beginning. It returns [ErrNoImport] where there is no such job.
func (s *Service) ImportLog(ctx context.Context, poolID, jobID, after string) (*ImportLog, error) {
	log := &ImportLog{Lines: []string{}, Next: after}
	err := s.db.View(ctx, func(tx store.Tx) error {
		j, err := importJobs.Get(tx, poolID, jobID)
		if errors.Is(err, store.ErrNotFound) {
			return ErrNoImport
		}
		if err != nil {
			return err
		}
		log.Status = s.shownImport(j, s.clock.Now()).Status
		q := store.Query{After: store.Cursor{ID: jobID + "/" + after}, Limit: maxLogBatches + 1}
		page, _, err := importLogs.List(tx, poolID, q)
		for i, l := range page {
			if l.Job != jobID {
				break
			}
			if log.More = i == maxLogBatches; !log.More {
				log.Lines, log.Next = append(log.Lines, l.Lines...), l.place()
			}
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return log, nil
}
