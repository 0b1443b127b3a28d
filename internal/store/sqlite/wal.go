package sqlite

import (
	"database/sql/driver"
	"log/slog"
	"os"
)

// SQLite copies the write-ahead log into the database whenever a commit leaves
// more than 1,000 pages in it. But it starts the log anew only at a moment when
// no snapshot needs it, and with readers at work all the time that moment need
// not come. So beyond walBound the writer makes it come: it holds back, for
// walPatience at most, until the readers of the log are gone.
const (
	walBound    = 64 << 20                    // bytes
	walPatience = `PRAGMA busy_timeout = 100` // milliseconds
	walDefault  = `PRAGMA busy_timeout = 5000`
)

// wal keeps the write-ahead log from growing without bound.
type wal struct {
	path  string
	bound int64 // the size at which to act next
}

// newWAL watches the log of the database at path.
func newWAL(path string) *wal { return &wal{path: path + "-wal", bound: walBound} }

// trim empties the log if it has outgrown its bound. A reader that takes longer
// than the writer's patience puts it off until the log has grown by half as much
// again.
func (w *wal) trim(c *conn) {
	info, err := os.Stat(w.path)
	if err != nil || info.Size() < w.bound {
		return
	}
	w.bound = walBound
	busy, err := w.truncate(c)
	if err != nil {
		slog.Error("The directory's write-ahead log cannot be written back.", "file", w.path, "error", err)
	}
	if busy || err != nil {
		w.bound = info.Size() + walBound/2
	}
}

// truncate reports whether a reader kept the log from being emptied.
func (w *wal) truncate(c *conn) (busy bool, err error) {
	if _, err := c.exec(walPatience); err != nil {
		return false, err
	}
	defer c.exec(walDefault)
	err = c.query(`PRAGMA wal_checkpoint(TRUNCATE)`, nil, 3, func(row []driver.Value) error {
		busy = row[0] != int64(0)
		return nil
	})
	return busy, err
}
