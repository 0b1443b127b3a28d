package cli

import (
	"context"
	"fmt"
	"os"
	"runtime/debug"

	"pintail/internal/app"
	"pintail/internal/clock"
	"pintail/internal/config"
	"pintail/internal/observe"
)

// gcPercent is the garbage that may gather per live heap; GOGC overrides it.
const gcPercent = 400

type startCmd struct {
	config.Config `embed:""`
}

// Run opens the server, says where it is, and serves until it is told to stop.
func (c *startCmd) Run(ctx context.Context, s *streams) error {
	// The live heap is a few megabytes and requests are short: collecting less
	// often than Go would saves a third of a busy server's time for some memory.
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	log := observe.NewLogger(s.err, c.LogFormat, c.LogLevel)
	server, err := app.Open(ctx, c.Config, new(clock.Clock), log)
	if err != nil {
		return err
	}
	defer server.Close()
	server.Version = Version
	c.greet(s, server)
	if err := server.Run(ctx); err != nil {
		return err
	}
	return server.Close()
}

func (c *startCmd) greet(s *streams, server *app.App) {
	data := c.Data
	if c.DatabaseURL != "" {
		data = "PostgreSQL (keys in " + c.Data + ")"
	}
	fmt.Fprintf(s.out, "Pintail %s\n\n  url      %s\n  region   %s\n  account  %s\n  data     %s\n", Version, server.URL(), c.Region, c.AccountID, data)
	if c.Dev {
		fmt.Fprintf(s.out, "  mode     developer: any unknown access key is the root user\n")
	}
	key, created := server.Root()
	if created {
		fmt.Fprintf(s.out, "\n  The root access key, shown this once (also in %s):\n\n  access key id      %s\n  secret access key  %s\n",
			c.Path(app.CredentialsFile), key.AccessKeyID, key.Secret)
	}
	fmt.Fprintf(s.out, "\n  Point a client at it:  eval \"$(%s env --data %s)\"\n\n", os.Args[0], quote(c.Data))
}
