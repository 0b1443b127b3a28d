package cli

import (
	"context"
	"fmt"
)

type rebuildCmd struct {
	target
}

// Run has the server do it.
func (c *rebuildCmd) Run(ctx context.Context, s *streams) error {
	server, err := c.connect()
	if err != nil {
		return err
	}
	var answer struct{ Status string }
	if err := server.post(ctx, "/_pintail/events/rebuild", &answer); err != nil {
		return err
	}
	_, err = fmt.Fprintln(s.out, "Who was active when is computed anew from the events.")
	return err
}
