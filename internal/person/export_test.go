package person

import (
	"context"

	"pintail/internal/job"
)

// RunDeletion runs the job of a deletion once.
func (s *Service) RunDeletion(ctx context.Context, id string) error {
	return s.delete(ctx, job.Job{Kind: deleteKind, ID: id})
}
