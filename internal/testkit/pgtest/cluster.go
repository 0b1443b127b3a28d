package pgtest

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// superuser is the role that owns a cluster.
const superuser = "postgres"

// guard is the shell script that runs the server. It lives as long as the
// other end of its standard input is open, which is as long as the test binary
// lives, and then stops the server and removes the cluster. The word "kill"
// ends the server at once and leaves the cluster for another run.
const guard = `
"$@" </dev/null 2>&3 3>&- &
server=$!
exec 3>&-
word=
read -r word
if [ "$word" = kill ]; then
	kill -KILL $server
	wait $server
	exit 0
fi
kill -QUIT $server
wait $server
rm -rf "$0"
`

// defaults are the settings of a cluster: few resources, quick checkpoints, no
// care for the death of the machine, no network.
var defaults = []string{
	"listen_addresses=",
	"fsync=off",
	"full_page_writes=off",
	"shared_buffers=64MB",
	"max_connections=200",
	"max_wal_size=256MB",
	"lc_messages=C",
	"log_min_messages=warning",
	"autovacuum_naptime=10s",
}

// Cluster is a running PostgreSQL server and its data folder.
type Cluster struct {
	bin      string
	dir      string // data folder, and the folder of the socket
	settings []string
	owner    *syscall.SysProcAttr
	leash    io.WriteCloser // closing it ends the server and removes dir
	ended    chan struct{}  // closed when no process of the server is left
	process  *exec.Cmd
}

// Open makes a cluster in a temporary folder and runs it, until [Cluster.Stop] or the
// end of this program. Settings are server settings as name=value and win over those of
// the package, for example "fsync=on".
func Open(settings ...string) (*Cluster, error) {
	bin, err := findBin()
	if err != nil {
		return nil, err
	}
	c := &Cluster{bin: bin, settings: settings}
	if c.dir, err = os.MkdirTemp("", "pgtest-"); err != nil {
		return nil, err
	}
	if err := c.create(); err != nil {
		return nil, errors.Join(err, os.RemoveAll(c.dir))
	}
	if err := c.run(); err != nil {
		return nil, errors.Join(err, os.RemoveAll(c.dir))
	}
	return c, nil
}

// create initialises the data folder. PostgreSQL refuses to run as root, so
// root hands the folder to a user who owns nothing else.
func (c *Cluster) create() error {
	c.owner = &syscall.SysProcAttr{Setpgid: true}
	if os.Getuid() == 0 {
		uid, gid, err := lesserUser()
		if err != nil {
			return err
		}
		if err := os.Chown(c.dir, uid, gid); err != nil {
			return err
		}
		c.owner.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	}
	return c.command("initdb", "--pgdata="+c.dir, "--username="+superuser,
		"--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync")
}

// lesserUser returns the ids of a user as whom the server may run.
func lesserUser() (uid, gid int, err error) {
	for _, name := range []string{"postgres", "nobody"} {
		u, lookupErr := user.Lookup(name)
		if lookupErr != nil {
			err = lookupErr
			continue
		}
		if uid, err = strconv.Atoi(u.Uid); err != nil {
			continue
		}
		gid, err = strconv.Atoi(u.Gid)
		return uid, gid, err
	}
	return 0, 0, fmt.Errorf("pgtest: root cannot run PostgreSQL itself: %w", err)
}

// run starts the server and waits until it takes connections.
func (c *Cluster) run() error {
	args := []string{"-c", guard, c.dir, filepath.Join(c.bin, "postgres"), "-D", c.dir, "-k", c.dir}
	for _, setting := range append(defaults[:len(defaults):len(defaults)], c.settings...) {
		args = append(args, "-c", setting)
	}
	logEnd, serverEnd, err := os.Pipe()
	if err != nil {
		return err
	}
	defer serverEnd.Close()
	c.process = exec.Command("/bin/sh", args...)
	c.process.Dir = c.dir
	c.process.SysProcAttr = c.owner
	c.process.Env = append(os.Environ(), "LC_ALL=C")
	c.process.ExtraFiles = []*os.File{serverEnd}
	if c.leash, err = c.process.StdinPipe(); err != nil {
		logEnd.Close()
		return err
	}
	if err := c.process.Start(); err != nil {
		logEnd.Close()
		return err
	}
	ready := make(chan error, 1)
	c.ended = make(chan struct{})
	go c.follow(logEnd, ready)
	return <-ready
}

// follow reads the server's log. It reports on ready once, and closes c.ended
// when the last process that could write to the log is gone.
func (c *Cluster) follow(log io.ReadCloser, ready chan<- error) {
	defer close(c.ended)
	defer log.Close()
	var said []string
	lines := bufio.NewScanner(log)
	for lines.Scan() {
		if ready == nil {
			continue
		}
		if strings.Contains(lines.Text(), "database system is ready to accept connections") {
			ready <- nil
			ready = nil
			continue
		}
		said = append(said, lines.Text())
	}
	if ready != nil {
		ready <- fmt.Errorf("pgtest: the server did not start:\n%s", strings.Join(said, "\n"))
	}
}

// kill ends the server with SIGKILL and keeps its data.
func (c *Cluster) kill() error {
	if _, err := io.WriteString(c.leash, "kill\n"); err != nil {
		return err
	}
	<-c.ended
	return c.process.Wait()
}

// Group is the id of the process group in which all of the server's processes are.
func (c *Cluster) Group() int { return c.process.Process.Pid }

// Stop ends the server and removes its data.
func (c *Cluster) Stop() {
	c.leash.Close()
	<-c.ended
	c.process.Wait() // whatever the server's exit code: its data are gone
}

// tool runs one of PostgreSQL's client programs against c.
func (c *Cluster) tool(name string, args ...string) error {
	return c.command(name, append([]string{"--host=" + c.dir, "--username=" + superuser}, args...)...)
}

// command runs one of PostgreSQL's programs as the owner of the cluster.
func (c *Cluster) command(name string, args ...string) error {
	cmd := exec.Command(filepath.Join(c.bin, name), args...)
	cmd.Dir = c.dir
	cmd.SysProcAttr = c.owner
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("pgtest: %s: %w\n%s", name, err, out)
	}
	return nil
}
