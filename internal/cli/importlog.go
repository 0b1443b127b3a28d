package cli

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/userpool"
)

type importLogCmd struct {
	target
	Follow   bool   `help:"Go on until the job has ended."`
	Problems bool   `help:"Only the rows that gave no user."`
	UserPool string `arg:"" help:"The user pool's id."`
	Job      string `arg:"" help:"The job's id, as CreateUserImportJob gave it."`
}

// followEvery is how often a running job is asked for more lines.
const followEvery = 500 * time.Millisecond

// Run prints a job's log.
func (c *importLogCmd) Run(ctx context.Context, s *streams) error {
	server, err := c.connect()
	if err != nil {
		return err
	}
	tick := time.NewTicker(followEvery)
	defer tick.Stop()
	path := "/_pintail/import/" + url.PathEscape(c.UserPool) + "/" + url.PathEscape(c.Job) + "/log?after="
	for after := ""; ; {
		var page userpool.ImportLog
		if err := server.get(ctx, path+url.QueryEscape(after), &page); err != nil {
			return err
		}
		for _, line := range page.Lines {
			if !c.Problems || !strings.HasPrefix(line, "[SUCCEEDED]") {
				fmt.Fprintln(s.out, line)
			}
		}
		after = page.Next
		if page.More {
			continue
		}
		if !c.Follow || ended(page.Status) {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// ended tells whether a job writes no more lines.
func ended(status cognitoidp.UserImportJobStatusType) bool {
	switch status {
	case cognitoidp.UserImportJobStatusTypeSucceeded, cognitoidp.UserImportJobStatusTypeFailed,
		cognitoidp.UserImportJobStatusTypeStopped, cognitoidp.UserImportJobStatusTypeExpired:
		return true
	}
	return false
}
