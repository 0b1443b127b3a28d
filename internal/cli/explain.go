package cli

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"pintail/internal/app"
)

type explainCmd struct {
	target
	Principal string   `required:"" help:"Who: the ARN of a user, a role or the root user, or the name of a provider that assumes roles." placeholder:"ARN"`
	Action    string   `required:"" help:"What, for example mobiletargeting:PutEvents." placeholder:"SERVICE:OPERATION"`
	Resource  string   `default:"*" help:"On what." placeholder:"ARN"`
	Context   []string `sep:"none" help:"A condition key of the request and its value; may be repeated." placeholder:"KEY=VALUE"`
	Guest     bool     `help:"Narrow a role as the credentials of an identity pool's guests are narrowed."`
}

// Run asks the server, whose gate decides.
func (c *explainCmd) Run(ctx context.Context, s *streams) error {
	for _, pair := range c.Context {
		if !strings.Contains(pair, "=") {
			return fmt.Errorf("--context wants KEY=VALUE, and %q has no equals sign", pair)
		}
	}
	server, err := c.connect()
	if err != nil {
		return err
	}
	query := url.Values{"principal": {c.Principal}, "action": {c.Action}, "resource": {c.Resource}, "context": c.Context}
	if c.Guest {
		query.Set("guest", "")
	}
	var answer app.Explanation
	if err := server.get(ctx, "/_pintail/explain?"+query.Encode(), &answer); err != nil {
		return err
	}
	_, err = fmt.Fprintln(s.out, answer.Why)
	if answer.Message != "" && err == nil {
		_, err = fmt.Fprintf(s.out, "The caller is told: %s\n", answer.Message)
	}
	return err
}
