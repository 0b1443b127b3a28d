package trigger

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"
)

// maxStderr is how much of what a command complains is kept, in bytes.
const maxStderr = 8 << 10

// pipesStayOpen is how long a command's pipes may outlive it, held open by
// processes that it started.
const pipesStayOpen = 100 * time.Millisecond

// command is a program on this machine. It gets the event on standard input and
// answers on standard output; when it fails, the last line that it wrote to
// standard error is what the function threw. No shell is involved.
type command struct {
	argv []string
	dir  string
	env  []string // all of its environment
}

func (c *command) call(ctx context.Context, in invocation) ([]byte, error) {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	out := &limited{limit: maxAnswer, full: func() { stop(errTooLarge) }}
	complaint := &tail{limit: maxStderr}
	p := exec.CommandContext(ctx, c.argv[0], c.argv[1:]...)
	p.Dir, p.Env = c.dir, c.env
	p.Stdin, p.Stdout, p.Stderr = bytes.NewReader(in.event), out, complaint
	p.WaitDelay = pipesStayOpen
	inOwnGroup(p)
	err := p.Run()
	exit, exited := errors.AsType[*exec.ExitError](err)
	switch {
	case ctx.Err() != nil && err != nil:
		return nil, context.Cause(ctx)
	case err == nil || errors.Is(err, exec.ErrWaitDelay):
		return out.got.Bytes(), nil
	case !exited:
		return nil, failed("the command could not be started", fmt.Errorf("%s: %w", c.argv[0], err))
	}
	if line := complaint.lastLine(); line != "" {
		return nil, &functionError{line}
	}
	return nil, &functionError{exit.Error()}
}

// limited collects what is written to it, up to a limit.
type limited struct {
	got   bytes.Buffer // not embedded: its ReadFrom would go past the limit
	limit int
	full  func() // called when the limit is passed
}

func (l *limited) Write(p []byte) (int, error) {
	if l.got.Len()+len(p) > l.limit {
		l.full()
		return 0, errTooLarge
	}
	return l.got.Write(p)
}

// tail keeps the end of what is written to it.
type tail struct {
	text  []byte
	limit int
}

func (t *tail) Write(p []byte) (int, error) {
	t.text = append(t.text, p[max(0, len(p)-t.limit):]...)
	t.text = t.text[max(0, len(t.text)-t.limit):]
	return len(p), nil
}

// lastLine returns the last line that is not blank.
func (t *tail) lastLine() string {
	text := strings.TrimSpace(string(t.text))
	return strings.TrimSpace(text[strings.LastIndexByte(text, '\n')+1:])
}
