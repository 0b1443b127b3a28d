// Package commitlog is the write-ahead log of the embedded event store: it
// makes appended events durable at the cost of one disk flush for a whole group
// of callers. The store discards what DuckDB has checkpointed, so the log holds
// the newest events only, and is read when the store opens.
//
// The log is a folder of segment files, each named after the first cursor that
// it may hold. A segment is a header and frames; a frame is what one caller
// appended, under one checksum, so that a crash leaves all of it or nothing:
//
//	u32 payload length | u32 entries | u64 first cursor | u32 CRC-32C of payload and these 16 bytes | payload
//
// Numbers are little-endian. A frame that is cut short or fails its checksum at
// the end of the newest segment is a write that nobody was told had succeeded,
// and is dropped; anywhere else it is damage, and opening fails.
package commitlog

import (
	"cmp"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// segmentSize is the size from which on a segment is followed by a new one.
const segmentSize = 16 << 20

const (
	magic  = "PTEVLOG1"
	suffix = ".log"
)

// ErrDamaged is wrapped by errors about acknowledged data that cannot be read.
var ErrDamaged = errors.New("commitlog: damaged")

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Frame is the unit of atomicity: the entries that one caller appends.
type Frame struct {
	Payload []byte
	Entries int
	sum     uint32
}

// NewFrame computes the payload's checksum, which callers can do before they
// queue for the commit.
func NewFrame(payload []byte, entries int) Frame {
	return Frame{Payload: payload, Entries: entries, sum: crc32.Checksum(payload, castagnoli)}
}

// Log is an open log. Commit is for one goroutine at a time; the other methods
// may be called while it runs.
type Log struct {
	dir    string
	buffer []byte
	broken error // why the end of the current segment is not known to be clean

	mu       sync.Mutex
	segments []*segment // oldest first; the last one is written to
	newest   uint64     // the last cursor that was used
}

// segment is one file. Its cursors end before the next segment's first.
type segment struct {
	path  string
	first uint64
	file  *os.File // nil unless it is the last
	size  int64    // of what was committed
}

// Open opens the log in a folder, which it creates, and checks all of it. New
// frames will get cursors after the log's last one and after used.
func Open(dir string, used uint64) (*Log, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	l := &Log{dir: dir, newest: used}
	if err := l.list(); err != nil {
		return nil, err
	}
	for i, s := range l.segments {
		last, err := s.check(i == len(l.segments)-1)
		if err != nil {
			return nil, err
		}
		l.newest = max(l.newest, last)
	}
	if err := l.rotate(); err != nil {
		return nil, err
	}
	return l, nil
}

// list finds the segments of the folder.
func (l *Log) list() error {
	entries, err := os.ReadDir(l.dir)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		name, ok := strings.CutSuffix(entry.Name(), suffix)
		if !ok {
			continue
		}
		first, err := strconv.ParseUint(name, 16, 64)
		if err != nil {
			return fmt.Errorf("%w: %s is not a segment", ErrDamaged, entry.Name())
		}
		l.segments = append(l.segments, &segment{path: filepath.Join(l.dir, entry.Name()), first: first})
	}
	slices.SortFunc(l.segments, func(a, b *segment) int { return cmp.Compare(a.first, b.first) })
	return nil
}

// Last returns the last cursor that was used.
func (l *Log) Last() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.newest
}

// Size returns the bytes in all segments.
func (l *Log) Size() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	total := int64(0)
	for _, s := range l.segments {
		total += s.size
	}
	return total
}

// Discard deletes the segments that hold only cursors up to last.
func (l *Log) Discard(last uint64) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.segments) > 1 && l.segments[1].first <= last+1 {
		if err := os.Remove(l.segments[0].path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		l.segments = l.segments[1:]
	}
	return nil
}

// Close closes the log. When nothing in it comes after the cursor last, it is
// emptied.
func (l *Log) Close(last uint64) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	err := l.segments[len(l.segments)-1].file.Close()
	for ; l.newest <= last && err == nil && len(l.segments) > 0; l.segments = l.segments[1:] {
		err = os.Remove(l.segments[0].path)
	}
	return err
}
