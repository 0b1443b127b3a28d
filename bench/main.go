// Command bench measures a Pintail server from outside, as its clients meet it:
// it starts the program on a temporary folder, sets it up through its public
// interface, puts it under load and writes a Markdown report. "make bench" runs
// it through scripts/bench; docs/performance.md explains the figures.
//
// Every figure stands beside its floor: what this machine can do at best for
// such an operation, measured a moment before without the server. A rate alone
// says more about the machine and about who else uses it than about the server.
//
// Client and server share the processors. So the client does as little as it
// can: requests are made and signed ahead, each connection is used by one
// goroutine, and answers are checked without being parsed where that is enough.
// Only successful answers count, and anything else ends the program.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"syscall"
	"time"

	"pintail/internal/testkit/pgtest"
)

// bench is one run of this program.
type bench struct {
	program string         // the server's
	folder  string         // for everything that is written
	while   time.Duration  // how long each round of a load or a floor takes
	only    *regexp.Regexp // the loads to run; nil for these and everything else
	past    int            // the events of a measurement of analytics; 0 for one of loads
	// database holds the server's data; nil for the embedded stores.
	database *pgtest.Cluster
}

// limit ends a run that hangs.
const limit = 40 * time.Minute

func main() {
	if len(os.Args) == 3 && os.Args[1] == bareVerb {
		fmt.Fprintln(os.Stderr, serveBare(os.Args[2]))
		os.Exit(1)
	}
	server := flag.String("server", "bin/pintail", "the server's `program`")
	seconds := flag.Float64("seconds", 1, "how long each load runs, three times over")
	only := flag.String("run", "", "run only the loads whose name matches this `expression`")
	postgres := flag.Bool("postgres", false, "measure users' operations on a PostgreSQL of its own")
	past := flag.Int("analytics", 0, "measure analytics with so many `millions` of events, and nothing else")
	dir := flag.String("dir", "", "`folder` for the data, on a disk; the system's temporary folder if empty")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	b := &bench{program: *server, while: time.Duration(*seconds * float64(time.Second))}
	if *only != "" {
		var err error
		if b.only, err = regexp.Compile(*only); err != nil {
			fmt.Fprintln(os.Stderr, "bench: -run:", err)
			os.Exit(2)
		}
	}
	b.past = *past * 1_000_000
	if err := b.run(ctx, *dir, *postgres, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// run measures everything and then reports. On PostgreSQL it measures the loads on users
// only.
func (b *bench) run(ctx context.Context, dir string, postgres bool, w io.Writer) (err error) {
	if b.folder, err = os.MkdirTemp(dir, "pintail-bench"); err != nil {
		return err
	}
	defer os.RemoveAll(b.folder)
	if postgres {
		if b.database, err = pgtest.Open("fsync=on", "full_page_writes=on", "max_wal_size=2GB"); err != nil {
			return err
		}
		defer b.database.Stop()
	}
	m, err := newMachine(b.folder)
	if err != nil {
		return err
	}
	if b.past > 0 {
		fmt.Fprintf(w, "%s\n\n", m)
		return b.analytics(ctx, w, b.past)
	}
	var l *lifecycle
	if b.only == nil && !postgres {
		if l, err = b.idle(ctx); err != nil {
			return err
		}
	}
	figures, err := b.underLoad(ctx, l)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "%s\n\n", m)
	reportLoads(w, figures)
	if l != nil {
		l.report(w)
	}
	return nil
}

// underLoad starts a server and runs the loads on it. Unless l is nil it kills
// the server at last and starts it again.
func (b *bench) underLoad(ctx context.Context, l *lifecycle) ([]figure, error) {
	folder, err := os.MkdirTemp(b.folder, "load")
	if err != nil {
		return nil, err
	}
	s, _, err := b.startServer(ctx, folder)
	if err != nil {
		return nil, err
	}
	defer s.kill()
	t, err := prepare(s)
	if err != nil {
		return nil, err
	}
	var figures []figure
	loads := b.userLoads(t)
	if b.database == nil {
		loads = append(loads, b.appLoads(t)...)
	}
	for _, l := range loads {
		if b.only != nil && !b.only.MatchString(l.name) {
			continue
		}
		some, err := b.measure(ctx, s, l)
		if err != nil {
			return nil, err
		}
		figures = append(figures, some...)
	}
	if l != nil {
		err = b.crash(ctx, t, l)
	}
	return figures, err
}
