// Package pgtest gives tests a PostgreSQL of their own.
//
// Tests of a package share one cluster, started when the first test asks for a
// [Database] and gone when the test binary is, however it ends. Each test gets
// a fresh database in it. A test that wants to kill the server, or to see
// fsync at work, starts a private cluster with [Start].
//
// The binaries come from PATH or from Debian's place for PostgreSQL 15. Where
// there are none, tests are skipped, unless the environment variable CI is set:
// then they fail, so that a build that lost its database cannot pass.
package pgtest

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
)

// debianBin is where Debian and Ubuntu keep the server's programs, which they
// leave out of PATH.
const debianBin = "/usr/lib/postgresql/15/bin"

// errMissing says that this machine has no PostgreSQL.
var errMissing = errors.New("pgtest: no PostgreSQL: initdb is neither in PATH nor in " + debianBin)

// shared is the cluster of this test binary.
var shared = sync.OnceValues(func() (*Cluster, error) { return Open() })

// databases numbers the databases of this test binary.
var databases atomic.Int64

// Database returns the URL of a new, empty database in the cluster that the
// tests of this binary share. It is dropped when t ends. The cluster runs
// without fsync: what was committed survives the death of every process, but
// not of the machine.
func Database(t testing.TB) string {
	t.Helper()
	c, err := shared()
	must(t, err)
	return c.Database(t)
}

// Start is [Open] for a test: the cluster is t's alone and ends with it.
func Start(t testing.TB, settings ...string) *Cluster {
	t.Helper()
	c, err := Open(settings...)
	must(t, err)
	t.Cleanup(c.Stop)
	return c
}

// Database returns the URL of a new, empty database in c, dropped when t ends.
func (c *Cluster) Database(t testing.TB) string {
	t.Helper()
	name := fmt.Sprintf("test%d", databases.Add(1))
	// Without fsync, copying the template's files is three times as quick as
	// copying its pages through the log, which is what PostgreSQL does else.
	must(t, c.tool("createdb", "--strategy=file_copy", name))
	t.Cleanup(func() {
		if err := c.tool("dropdb", "--force", "--if-exists", name); err != nil {
			t.Logf("pgtest: %v", err)
		}
	})
	return c.URL(name)
}

// Kill kills the server with SIGKILL, as a crash would, and returns when every
// process of it is gone.
func (c *Cluster) Kill(t testing.TB) {
	t.Helper()
	must(t, c.kill())
}

// Restart starts the server again after [Cluster.Kill]. It returns when the
// server has recovered and takes connections.
func (c *Cluster) Restart(t testing.TB) {
	t.Helper()
	must(t, c.run())
}

// URL returns the URL of a database, with the cluster's socket as its host. A new
// cluster has the database "postgres".
func (c *Cluster) URL(database string) string {
	u := url.URL{
		Scheme:   "postgres",
		User:     url.User(superuser),
		Path:     "/" + database,
		RawQuery: url.Values{"host": {c.dir}}.Encode(),
	}
	return u.String()
}

// must ends t when err is not nil: as skipped when there is no PostgreSQL on
// the machine of somebody who did not ask for it, as failed otherwise.
func must(t testing.TB, err error) {
	t.Helper()
	switch {
	case err == nil:
	case errors.Is(err, errMissing) && os.Getenv("CI") == "":
		t.Skip(err)
	default:
		t.Fatal(err)
	}
}

// findBin returns the folder of the server's programs. An initdb in PATH may be
// a link that stands there alone, so the folder is that of its target.
func findBin() (string, error) {
	if initdb, err := exec.LookPath("initdb"); err == nil {
		if initdb, err = filepath.EvalSymlinks(initdb); err == nil {
			return filepath.Dir(initdb), nil
		}
	}
	if _, err := os.Stat(filepath.Join(debianBin, "initdb")); err == nil {
		return debianBin, nil
	}
	return "", errMissing
}
