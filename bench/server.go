package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"pintail/internal/app"
	"pintail/internal/sigv4"
)

// server is a Pintail under measurement, started as its users start it.
type server struct {
	*process
	app.Running
	watch   watch // its processes, the database's included
	folder  string
	address string
	root    caller
}

// logFile is where a server of ours writes its log, beside its data.
const logFile = "bench.log"

// startServer starts the server on a data folder. It returns when the server is
// ready and tells how long that took from the start of the process.
func (b *bench) startServer(ctx context.Context, folder string) (*server, time.Duration, error) {
	log, err := os.OpenFile(filepath.Join(folder, logFile), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, 0, err
	}
	defer log.Close()
	began := time.Now()
	args := []string{"start", "--data", folder, "--listen", "127.0.0.1:0", "--codes-per-source", "0"}
	if b.database != nil {
		args = append(args, "--database-url", b.database.URL("postgres"))
	}
	p, err := start(log, log, b.program, args...)
	if err != nil {
		return nil, 0, err
	}
	s := &server{process: p, folder: folder, watch: b.watch(p)}
	if err := s.awaitReady(ctx); err != nil {
		_ = p.kill()
		return nil, 0, fmt.Errorf("%w. Its log ends:\n%s", err, s.logTail())
	}
	took := time.Since(began)
	keys, err := app.ReadCredentials(folder)
	if err != nil {
		_ = p.kill()
		return nil, 0, err
	}
	s.root = caller{s.address, s.Region, sigv4.Credentials{AccessKeyID: keys.AccessKeyID, Secret: keys.Secret}}
	return s, took, nil
}

// watch watches the server's process and those of its database.
func (b *bench) watch(p *process) watch {
	own := watchProcess(p.Process.Pid)
	if b.database == nil {
		return own
	}
	database := watchGroup(b.database.Group())
	return func() (time.Duration, error) {
		a, err := own()
		if err != nil {
			return 0, err
		}
		d, err := database()
		return a + d, err
	}
}

// awaitReady asks until the server says that it is ready.
func (s *server) awaitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	ask := time.NewTicker(time.Millisecond)
	defer ask.Stop()
	for {
		if s.ready() {
			return nil
		}
		select {
		case <-ask.C:
		case <-s.done:
			return fmt.Errorf("the server ended (%s)", s.ProcessState)
		case <-ctx.Done():
			return fmt.Errorf("the server is not ready: %w", ctx.Err())
		}
	}
}

// ready reports whether the server serves. A note left by a server that was
// killed names another process.
func (s *server) ready() bool {
	running, err := app.ReadRunning(s.folder)
	if err != nil || running.PID != s.Process.Pid {
		return false
	}
	u, err := url.Parse(running.URL)
	if err != nil {
		return false
	}
	s.Running, s.address = running, u.Host
	c, err := dial(u.Host)
	if err != nil {
		return false
	}
	defer c.Close()
	_, err = c.do(caller{address: u.Host}.write(http.MethodGet, "/_pintail/ready", "", http.Header{}, nil))
	return err == nil
}

// logTail returns the end of the server's log.
func (s *server) logTail() string {
	text, err := os.ReadFile(filepath.Join(s.folder, logFile))
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-2000):])
}

// anyone is a caller who signs nothing.
func (s *server) anyone() caller { return caller{address: s.address, region: s.Region} }
