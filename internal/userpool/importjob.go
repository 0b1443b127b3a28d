package userpool

import (
	"context"
	"errors"
	"regexp"
	"time"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/keys/ids"
	"pintail/internal/store"
	"pintail/internal/userpool/csvimport"
	"pintail/internal/wire"
)

// A user import in four steps: CreateUserImportJob gives a URL, the administrator
// uploads a file there (importupload.go), StartUserImportJob hands the job to the
// queue, and the queue's runner turns rows into users (importrun.go).

// importJob is a user import. The pool owns it, and its id is the JobId.
type importJob struct {
	// Settings is what the operations answer, but for the URL, which is a secret and
	// made anew for each answer.
	Settings cognitoidp.UserImportJobType
	// Upload is the file that was uploaded last, once it is there as a whole.
	Upload *importFile `json:",omitzero"`
	// At is up to where the file has been imported.
	At csvimport.Position
}

// activeImport is the index in which the one job of a pool is that has been started
// and has not ended. It holds a pool to one job at a time.
const activeImport = "active"

var importJobs = store.NewCollection("user_import_job",
	store.Unique(activeImport, func(j *importJob) string {
		if j.active() {
			return activeImport
		}
		return ""
	}),
	store.Index("created", func(j *importJob) string { return store.Time(j.Settings.CreationDate) }))

const (
	// maxImportJobs is how many jobs a pool keeps (Cognito developer guide, "Quotas").
	maxImportJobs = 1000
	// importURLLife is for how long a file can be uploaded.
	importURLLife = 15 * time.Minute
	// importLife is for how long a job waits to be started (Cognito API reference,
	// UserImportJobType; AWS takes up to twice as long).
	importLife = 24 * time.Hour
)

// active tells whether the job has been started and has not ended.
func (j *importJob) active() bool {
	switch j.Settings.Status {
	case cognitoidp.UserImportJobStatusTypePending, cognitoidp.UserImportJobStatusTypeInProgress, cognitoidp.UserImportJobStatusTypeStopping:
		return true
	}
	return false
}

// expired tells whether the job has not been started in time.
func (j *importJob) expired(now time.Time) bool {
	return j.Settings.Status == cognitoidp.UserImportJobStatusTypeCreated && !now.Before(j.Settings.CreationDate.Add(importLife))
}

// end gives the job its last status.
func (j *importJob) end(status cognitoidp.UserImportJobStatusType, message string, now time.Time) {
	j.Settings.Status, j.Settings.CompletionMessage = status, message
	j.Settings.CompletionDate = now.Truncate(time.Millisecond)
}

// importing tells whether users are being imported into a pool, which its settings
// have to bear for so long.
func importing(tx store.Tx, poolID string) (bool, error) {
	_, err := importJobs.GetBy(tx, poolID, activeImport, activeImport)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// refuseDuringImport is the refusal to change a pool while users are imported into
// it, or nil.
func refuseDuringImport(tx store.Tx, poolID string) error {
	busy, err := importing(tx, poolID)
	if err == nil && busy {
		err = cognitoidp.UserImportInProgressException.Newf("User pool %s has a user import in progress.", poolID)
	}
	return err
}

// roleForm is the ARN of an IAM role.
var roleForm = regexp.MustCompile(`^arn:[\w-]+:iam::[0-9]{12}:role/[\w+=,.@/-]+$`)

// createUserImportJob implements CreateUserImportJob.
func (s *Service) createUserImportJob(ctx context.Context, c *wire.Call, in *cognitoidp.CreateUserImportJobRequest) (*cognitoidp.CreateUserImportJobResponse, error) {
	p, err := s.poolOf(ctx, c, in.UserPoolId)
	if err != nil {
		return nil, err
	}
	if !roleForm.MatchString(in.CloudWatchLogsRoleArn) {
		return nil, invalid("CloudWatchLogsRoleArn must be the ARN of an IAM role.")
	}
	j := &importJob{Settings: cognitoidp.UserImportJobType{
		JobId: ids.ImportJob(), JobName: in.JobName, UserPoolId: p.Id, CloudWatchLogsRoleArn: in.CloudWatchLogsRoleArn,
		PasswordHashingAlgorithm: in.PasswordHashingAlgorithm,
		CreationDate:             c.Time.Truncate(time.Millisecond), Status: cognitoidp.UserImportJobStatusTypeCreated,
		ImportedUsers: new(int64(0)), SkippedUsers: new(int64(0)), FailedUsers: new(int64(0)),
	}}
	err = s.update(ctx, func(tx store.Tx) error {
		if _, err := s.poolRecord(tx, c, p.Id); err != nil { // deleted meanwhile
			return err
		}
		if err := checkRoom(tx, importJobs, p.Id, maxImportJobs, "import jobs"); err != nil {
			return err
		}
		if err := importJobs.Insert(tx, p.Id, j.Settings.JobId, j); err != nil {
			return err
		}
		return s.enqueueImport(tx, importClearKind, j, j.Settings.CreationDate.Add(importLife))
	})
	if err != nil {
		return nil, err
	}
	return &cognitoidp.CreateUserImportJobResponse{UserImportJob: s.shownImport(j, c.Time)}, nil
}

// shownImport returns a job as the operations answer it.
func (s *Service) shownImport(j *importJob, now time.Time) *cognitoidp.UserImportJobType {
	answer := j.Settings
	answer.PreSignedUrl = s.importURL(j)
	if j.expired(now) { // the queue may be about to store it
		answer.Status = cognitoidp.UserImportJobStatusTypeExpired
	}
	return &answer
}

// importJob reads a job inside a transaction.
func (s *Service) importJob(tx store.Tx, poolID, jobID string) (*importJob, error) {
	j, err := importJobs.Get(tx, poolID, jobID)
	if errors.Is(err, store.ErrNotFound) {
		return nil, cognitoidp.ResourceNotFoundException.Newf("User import job %s does not exist.", jobID)
	}
	return j, err
}

// describeUserImportJob implements DescribeUserImportJob.
func (s *Service) describeUserImportJob(ctx context.Context, c *wire.Call, in *cognitoidp.DescribeUserImportJobRequest) (*cognitoidp.DescribeUserImportJobResponse, error) {
	p, err := s.poolOf(ctx, c, in.UserPoolId)
	if err != nil {
		return nil, err
	}
	var j *importJob
	err = s.db.View(ctx, func(tx store.Tx) (err error) {
		j, err = s.importJob(tx, p.Id, in.JobId)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &cognitoidp.DescribeUserImportJobResponse{UserImportJob: s.shownImport(j, c.Time)}, nil
}

// listUserImportJobs implements ListUserImportJobs, the latest first.
func (s *Service) listUserImportJobs(ctx context.Context, c *wire.Call, in *cognitoidp.ListUserImportJobsRequest) (*cognitoidp.ListUserImportJobsResponse, error) {
	p, err := s.poolOf(ctx, c, in.UserPoolId)
	if err != nil {
		return nil, err
	}
	const walk = "ListUserImportJobs"
	after, err := s.pages.Open(in.PaginationToken, p.Id, walk)
	if err != nil {
		return nil, errPageToken()
	}
	out := &cognitoidp.ListUserImportJobsResponse{UserImportJobs: []cognitoidp.UserImportJobType{}}
	err = s.db.View(ctx, func(tx store.Tx) error {
		q := store.Query{Index: "created", After: after, Limit: int(*in.MaxResults), Descending: true}
		page, next, err := importJobs.List(tx, p.Id, q)
		for _, j := range page {
			out.UserImportJobs = append(out.UserImportJobs, *s.shownImport(j, c.Time))
		}
		out.PaginationToken = s.pages.Seal(next, p.Id, walk)
		return err
	})
	return out, err
}

// startUserImportJob implements StartUserImportJob.
func (s *Service) startUserImportJob(ctx context.Context, c *wire.Call, in *cognitoidp.StartUserImportJobRequest) (*cognitoidp.StartUserImportJobResponse, error) {
	var j *importJob
	err := s.update(ctx, func(tx store.Tx) error {
		p, err := s.poolRecord(tx, c, in.UserPoolId)
		if err != nil {
			return err
		}
		if len(p.Settings.AutoVerifiedAttributes) == 0 {
			return errPrecondition("The user pool has no auto-verified attributes, which a user import needs.")
		}
		if j, err = s.importJob(tx, in.UserPoolId, in.JobId); err != nil {
			return err
		}
		switch {
		case j.expired(c.Time) || j.Settings.Status != cognitoidp.UserImportJobStatusTypeCreated:
			return errPrecondition("User import job %s cannot be started. Its status is %s.", in.JobId, s.shownImport(j, c.Time).Status)
		case j.Upload == nil:
			return errPrecondition("User import job %s has no file. Upload it to the job's PreSignedUrl first.", in.JobId)
		}
		j.Settings.Status, j.Settings.StartDate = cognitoidp.UserImportJobStatusTypePending, c.Time.Truncate(time.Millisecond)
		err = importJobs.Put(tx, in.UserPoolId, in.JobId, j)
		if _, taken := errors.AsType[*store.ConflictError](err); taken {
			return errPrecondition("User pool %s already has a user import in progress.", in.UserPoolId)
		}
		if err != nil {
			return err
		}
		return s.enqueueImport(tx, importRunKind, j, time.Time{})
	})
	if err != nil {
		return nil, err
	}
	return &cognitoidp.StartUserImportJobResponse{UserImportJob: s.shownImport(j, c.Time)}, nil
}

func errPrecondition(format string, args ...any) error {
	return cognitoidp.PreconditionNotMetException.Newf(format, args...)
}

// stopUserImportJob implements StopUserImportJob. A job that runs stops after the
// rows that it has at hand.
func (s *Service) stopUserImportJob(ctx context.Context, c *wire.Call, in *cognitoidp.StopUserImportJobRequest) (*cognitoidp.StopUserImportJobResponse, error) {
	p, err := s.poolOf(ctx, c, in.UserPoolId)
	if err != nil {
		return nil, err
	}
	var j *importJob
	err = s.update(ctx, func(tx store.Tx) (err error) {
		if j, err = s.importJob(tx, p.Id, in.JobId); err != nil {
			return err
		}
		switch j.Settings.Status {
		case cognitoidp.UserImportJobStatusTypePending:
			j.end(cognitoidp.UserImportJobStatusTypeStopped, importStopped, c.Time)
		case cognitoidp.UserImportJobStatusTypeInProgress, cognitoidp.UserImportJobStatusTypeStopping:
			j.Settings.Status = cognitoidp.UserImportJobStatusTypeStopping
		default:
			return errPrecondition("User import job %s cannot be stopped. Its status is %s.", in.JobId, s.shownImport(j, c.Time).Status)
		}
		return importJobs.Put(tx, p.Id, in.JobId, j)
	})
	if err != nil {
		return nil, err
	}
	return &cognitoidp.StopUserImportJobResponse{UserImportJob: s.shownImport(j, c.Time)}, nil
}
