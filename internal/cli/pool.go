package cli

import (
	"context"
	"fmt"
	"net/url"
)

// poolCmd are the verbs for user pools that AWS's API has no operation for.
type poolCmd struct {
	RotateKeys rotateKeysCmd `cmd:"" help:"Let new keys sign a user pool's tokens, or those of all identity pools. What the old ones signed stays valid until it expires."`
}

type rotateKeysCmd struct {
	target
	Pool string `arg:"" name:"pool-id" help:"The user pool's id."`
}

// Run rotates the keys.
func (c *rotateKeysCmd) Run(ctx context.Context, s *streams) error {
	server, err := c.connect()
	if err != nil {
		return err
	}
	var answer struct{ Status string }
	if err := server.post(ctx, "/_pintail/pools/"+url.PathEscape(c.Pool)+"/rotate-keys", &answer); err != nil {
		return err
	}
	_, err = fmt.Fprintf(s.out, "New keys sign the tokens of %s from now on.\n", c.Pool)
	return err
}
