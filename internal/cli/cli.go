// Package cli is Pintail's command line: it turns arguments, environment and
// configuration file into a config.Config and runs one verb. Only start opens
// the stores; every other verb is a client of the running server and enters
// through its public wire, with the root access key of the data folder.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

// Version is the program's version, set at build time.
var Version = "0.1.0-dev"

// commands are the verbs.
type commands struct {
	Config kong.ConfigFlag `help:"Read settings from a JSON file; environment and flags go before it." placeholder:"FILE"`

	Start     startCmd     `cmd:"" help:"Run the server."`
	App       appCmd       `cmd:"" help:"Look after Pinpoint applications."`
	Audit     auditCmd     `cmd:"" help:"Show who called what: the trail of signed calls."`
	Env       envCmd       `cmd:"" help:"Print the running server's settings for a client."`
	Outbox    outboxCmd    `cmd:"" help:"Show the codes and messages that the server has sent."`
	Export    exportCmd    `cmd:"" help:"Write what the server keeps into files."`
	Explain   explainCmd   `cmd:"" help:"Tell whether somebody may do something, and which statement decides."`
	ImportLog importLogCmd `cmd:"" help:"Show what became of the rows of a user import."`
	Kpi       kpiCmd       `cmd:"" help:"Count: who was active, who is new and who came back, sessions, revenue, funnels and more."`
	Generate  generateCmd  `cmd:"" help:"Send an application the made-up past of so many people."`
	Person    personCmd    `cmd:"" help:"Show or delete everything that is kept of a person."`
	Pool      poolCmd      `cmd:"" help:"Look after user pools."`
	Project   projectCmd   `cmd:"" help:"Make, show and delete all that an app needs: user pool, identity pool, roles and Pinpoint application."`
	Rebuild   rebuildCmd   `cmd:"" help:"Compute anew, from the events, who was active when: what analytics is answered from."`
	Regions   regionsCmd   `cmd:"" help:"Tell which Pinpoint regions the user pools of a region can report to."`
	Status    statusCmd    `cmd:"" help:"Tell whether the server runs and what it holds."`
	Tail      tailCmd      `cmd:"" help:"Show events, and messages, as they pass."`
	Version   versionCmd   `cmd:"" help:"Print the version."`
}

// streams are where a verb prints.
type streams struct {
	out, err io.Writer
}

// Main runs the command line and returns the process's exit code: 0 when the
// verb did its work, 1 when it failed, 2 when the arguments are wrong.
func Main(args []string, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var c commands
	exit := -1
	parser, err := kong.New(&c,
		kong.Name("pintail"),
		kong.Description("Amazon Cognito and Amazon Pinpoint as one program that you own."),
		kong.Writers(stdout, stderr),
		kong.Exit(func(code int) { exit = code }),
		kong.Configuration(kong.JSON),
		kong.UsageOnError(),
		kong.BindTo(ctx, (*context.Context)(nil)),
	)
	if err != nil {
		fmt.Fprintln(stderr, "pintail:", err)
		return 2
	}
	parsed, err := parser.Parse(args)
	if exit >= 0 {
		return exit
	}
	if err != nil {
		fmt.Fprintf(stderr, "pintail: %v\nRun \"pintail --help\" for the verbs and their flags.\n", err)
		return 2
	}
	if err := parsed.Run(&streams{stdout, stderr}); err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintln(stderr, "pintail:", err)
		return 1
	}
	return 0
}

type versionCmd struct{}

// Run prints the version.
func (versionCmd) Run(s *streams) error {
	_, err := fmt.Fprintln(s.out, "pintail", Version)
	return err
}
