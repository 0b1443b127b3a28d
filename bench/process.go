package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// process is a child of this program, and what Linux tells about it.
type process struct {
	*exec.Cmd
	done chan struct{} // closed when it has ended
}

// start runs a program whose standard output and error go to the writers.
func start(out, log io.Writer, program string, args ...string) (*process, error) {
	p := &process{Cmd: exec.Command(program, args...), done: make(chan struct{})}
	p.Stdout, p.Stderr = out, log
	if err := p.Start(); err != nil {
		return nil, err
	}
	go func() {
		_ = p.Wait() // ProcessState tells how it ended
		close(p.done)
	}()
	return p, nil
}

// end sends a signal and waits until the process is gone.
func (p *process) end(s os.Signal) error {
	if err := p.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-p.done:
		return nil
	case <-time.After(patience):
		_ = p.Process.Kill()
		<-p.done
		return fmt.Errorf("%s did not stop within %s", p.Path, patience)
	}
}

// stop ends the process as an operator does, and kill as a power cut does.
func (p *process) stop() error { return p.end(syscall.SIGTERM) }
func (p *process) kill() error { return p.end(syscall.SIGKILL) }

// tick is the unit of processor times in /proc/PID/stat, the same on all of
// Linux's common processors.
const tick = 10 * time.Millisecond

// watch tells what some processes have used of all processors, in user mode and in
// the kernel for them.
type watch func() (time.Duration, error)

// watchProcess watches one process.
func watchProcess(pid int) watch {
	return func() (time.Duration, error) { return statTime(pid, ownTimes) }
}

// watchGroup watches the processes of a group, those that have ended without having been
// waited for excepted.
func watchGroup(group int) watch {
	return func() (total time.Duration, err error) {
		all, err := filepath.Glob("/proc/[0-9]*")
		if err != nil {
			return 0, err
		}
		for _, folder := range all {
			pid, err := strconv.Atoi(filepath.Base(folder))
			if err != nil {
				return 0, err
			}
			if of, err := syscall.Getpgid(pid); err != nil || of != group {
				continue
			}
			if used, err := statTime(pid, ownTimes, childTimes); err == nil { // it may end meanwhile
				total += used
			}
		}
		return total, nil
	}
}

// Fields of /proc/PID/stat, counted from 1, at which a pair of times stands.
const (
	ownTimes   = 14
	childTimes = 16 // of children that have ended
)

// statTime adds up pairs of times.
func statTime(pid int, pairs ...int) (total time.Duration, err error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	_, rest, _ := bytes.Cut(text, []byte(") ")) // the second field is a name and may hold spaces
	fields := bytes.Fields(rest)                // from the third on
	if len(fields) < childTimes {
		return 0, fmt.Errorf("/proc/%d/stat has %d fields", pid, len(fields))
	}
	for _, first := range pairs {
		for _, field := range fields[first-3 : first-1] {
			ticks, err := strconv.Atoi(string(field))
			if err != nil {
				return 0, err
			}
			total += time.Duration(ticks) * tick
		}
	}
	return total, nil
}

// memory returns a line of /proc/PID/status that counts memory, in bytes.
func memory(pid int, name string) (int, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	for line := range bytes.Lines(text) {
		if rest, ok := bytes.CutPrefix(line, []byte(name+":")); ok {
			kib, err := strconv.Atoi(string(bytes.TrimSpace(bytes.TrimSuffix(bytes.TrimSpace(rest), []byte("kB")))))
			return kib << 10, err
		}
	}
	return 0, fmt.Errorf("/proc/%d/status has no %s", pid, name)
}
