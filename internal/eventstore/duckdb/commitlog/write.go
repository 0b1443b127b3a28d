package commitlog

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
)

const frameHeader = 20

// Commit appends frames and returns when they are on disk. Their entries get
// the cursors that follow the last one used. When it fails none of the frames
// is in the log and no cursor is used.
func (l *Log) Commit(frames []Frame) error {
	if err := l.mend(); err != nil {
		return err
	}
	s := l.current()
	if s.size >= segmentSize {
		if err := l.rotate(); err != nil {
			return fmt.Errorf("commitlog: %w", err)
		}
		s = l.current()
	}
	last := l.Last()
	l.buffer = l.buffer[:0]
	for _, f := range frames {
		l.buffer = appendFrame(l.buffer, f, last+1)
		last += uint64(f.Entries)
	}
	if err := s.write(l.buffer); err != nil {
		l.broken = err
		return fmt.Errorf("commitlog: %w", err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	s.size += int64(len(l.buffer))
	l.newest = last
	return nil
}

func (l *Log) current() *segment {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.segments[len(l.segments)-1]
}

func appendFrame(b []byte, f Frame, first uint64) []byte {
	at := len(b)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(f.Payload)))
	b = binary.LittleEndian.AppendUint32(b, uint32(f.Entries))
	b = binary.LittleEndian.AppendUint64(b, first)
	b = binary.LittleEndian.AppendUint32(b, crc32.Update(f.sum, castagnoli, b[at:]))
	return append(b, f.Payload...)
}

// mend cuts off what a failed commit may have left, so that it can never be
// taken for frames. It is tried until it succeeds.
func (l *Log) mend() error {
	if l.broken == nil {
		return nil
	}
	s := l.current()
	err := s.file.Truncate(s.size)
	if err == nil {
		err = s.file.Sync()
	}
	if err != nil {
		return fmt.Errorf("commitlog: cannot cut off a failed write (%w): %w", l.broken, err)
	}
	l.broken = nil
	return nil
}

func (s *segment) write(b []byte) error {
	if _, err := s.file.WriteAt(b, s.size); err != nil {
		return err
	}
	return s.file.Sync()
}

// rotate begins a new segment after the last cursor. A segment of the same name
// has no frames and is overwritten.
func (l *Log) rotate() error {
	first := l.Last() + 1
	path := filepath.Join(l.dir, fmt.Sprintf("%016x%s", first, suffix))
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	if _, err = file.WriteString(magic); err == nil {
		err = file.Sync()
	}
	if err == nil {
		err = syncDir(l.dir)
	}
	if err != nil {
		file.Close()
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if n := len(l.segments); n > 0 {
		old := l.segments[n-1]
		if old.file != nil {
			old.file.Close()
			old.file = nil
		}
		if old.first == first {
			l.segments = l.segments[:n-1]
		}
	}
	l.segments = append(l.segments, &segment{path: path, first: first, file: file, size: int64(len(magic))})
	return nil
}

// syncDir makes the names in a folder durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
