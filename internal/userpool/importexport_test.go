package userpool

import (
	"context"

	"pintail/internal/store"
)

// ImportSteps imports up to n batches of a job's file, as a process does that is
// killed then.
func ImportSteps(ctx context.Context, s *Service, poolID, jobID string, n int) error {
	r := &importRun{Service: s, importTask: importTask{poolID, jobID}}
	err := r.begin(ctx)
	for range n {
		if err == nil {
			err = r.step(ctx)
		}
	}
	return err
}

// ImportRun is one whole run of a job.
func ImportRun(ctx context.Context, s *Service, poolID, jobID string) error {
	return (&importRun{Service: s, importTask: importTask{poolID, jobID}}).run(ctx)
}

// MatchesHash is matchesHash of the user with a name.
func MatchesHash(ctx context.Context, s *Service, poolID, username, password string) (bool, error) {
	p, err := s.pool(ctx, poolID)
	if err != nil {
		return false, err
	}
	u, err := s.find(ctx, p, username)
	if err != nil {
		return false, err
	}
	return s.matchesHash(ctx, p, u, u.Hash, password), nil
}

// CountChunks returns how many chunks of uploaded files a pool has.
func CountChunks(ctx context.Context, s *Service, poolID string) (n int, err error) {
	err = s.db.View(ctx, func(tx store.Tx) error {
		n, err = importChunks.Count(tx, poolID)
		return err
	})
	return n, err
}
