package sqlite

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"

	"pintail/internal/store"
)

// fileLock is a file that this process, and no other, has locked. The system
// lets go of the lock when the process ends, however it ends.
type fileLock struct{ file *os.File }

// lockFile locks the file at path, or returns store.ErrLocked.
func lockFile(path string) (*fileLock, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	const how = windows.LOCKFILE_EXCLUSIVE_LOCK | windows.LOCKFILE_FAIL_IMMEDIATELY
	err = windows.LockFileEx(windows.Handle(file.Fd()), how, 0, 1, 0, new(windows.Overlapped))
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) {
		err = store.ErrLocked
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return &fileLock{file}, nil
}

// release unlocks the file.
func (l *fileLock) release() error { return l.file.Close() }
