//go:build unix

package sqlite

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"

	"pintail/internal/store"
)

// fileLock is a file that this process, and no other, has locked. The system
// lets go of the lock when the process ends, however it ends. The lock is not on
// the database itself, because on some systems it would get in the way of those
// that SQLite takes there.
type fileLock struct{ file *os.File }

// lockFile locks the file at path, or returns store.ErrLocked.
func lockFile(path string) (*fileLock, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	err = unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		err = store.ErrLocked
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return &fileLock{file}, nil
}

// release unlocks the file. It stays, since another process may be about to lock it.
func (l *fileLock) release() error { return l.file.Close() }
