//go:build unix

package trigger

import (
	"os/exec"
	"syscall"
)

// inOwnGroup starts a command as the head of a process group, and lets the end of
// its context kill the whole group.
func inOwnGroup(p *exec.Cmd) {
	p.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	p.Cancel = func() error { return syscall.Kill(-p.Process.Pid, syscall.SIGKILL) }
}
