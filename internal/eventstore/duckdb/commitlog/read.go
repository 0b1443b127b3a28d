package commitlog

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"os"
	"slices"
)

// Replay calls fn for the frames that have cursors after one cursor and up to
// another, in order; fn may find entries outside at both ends. It may keep the
// payloads, and must not change them.
func (l *Log) Replay(after, until uint64, fn func(first uint64, entries int, payload []byte) error) error {
	l.mu.Lock()
	segments := slices.Clone(l.segments)
	sizes := make([]int64, len(segments))
	for i, s := range segments {
		sizes[i] = s.size
	}
	l.mu.Unlock()
	for i, s := range segments {
		if s.first > until || i+1 < len(segments) && segments[i+1].first <= after+1 {
			continue
		}
		b, err := os.ReadFile(s.path)
		if err != nil {
			return err
		}
		if int64(len(b)) < sizes[i] {
			return fmt.Errorf("%w: %s is shorter than it was", ErrDamaged, s.path)
		}
		_, err = s.frames(b[:sizes[i]], func(f Frame, first uint64) error {
			if first > until || first+uint64(f.Entries) <= after+1 {
				return nil
			}
			return fn(first, f.Entries, f.Payload)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// check reads a segment when the log is opened and returns its last cursor.
// What a crash left unfinished at the end of the newest segment is cut off.
func (s *segment) check(newest bool) (last uint64, err error) {
	b, err := os.ReadFile(s.path)
	if err != nil {
		return 0, err
	}
	if newest && len(b) < len(magic) {
		return 0, os.Truncate(s.path, 0)
	}
	if len(b) == 0 {
		return 0, nil
	}
	good, err := s.frames(b, func(f Frame, first uint64) error {
		last = first + uint64(f.Entries) - 1
		return nil
	})
	s.size = good
	if err != nil && newest && good > 0 {
		return last, s.cutOff()
	}
	return last, err
}

// frames calls fn for the frames of a segment's bytes and returns how many
// bytes are good; fewer than there are is an error.
func (s *segment) frames(b []byte, fn func(f Frame, first uint64) error) (good int64, err error) {
	if len(b) == 0 {
		return 0, nil
	}
	if len(b) < len(magic) || string(b[:len(magic)]) != magic {
		return 0, fmt.Errorf("%w: %s is not a segment that this version reads", ErrDamaged, s.path)
	}
	for rest := b[len(magic):]; ; {
		good = int64(len(b) - len(rest))
		if len(rest) == 0 {
			return good, nil
		}
		f, first, ok := cutFrame(&rest)
		if !ok {
			return good, fmt.Errorf("%w: %s at byte %d", ErrDamaged, s.path, good)
		}
		if err := fn(f, first); err != nil {
			return good, fmt.Errorf("%s at byte %d: %w", s.path, good, err)
		}
	}
}

// cutOff ends a segment that is not open for writing at its size.
func (s *segment) cutOff() error {
	file, err := os.OpenFile(s.path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer file.Close()
	if err := file.Truncate(s.size); err != nil {
		return err
	}
	return file.Sync()
}

// cutFrame takes the first frame off b unless it is incomplete or wrong.
func cutFrame(b *[]byte) (f Frame, first uint64, ok bool) {
	if len(*b) < frameHeader {
		return Frame{}, 0, false
	}
	head, rest := (*b)[:frameHeader], (*b)[frameHeader:]
	length := binary.LittleEndian.Uint32(head)
	if uint64(length) > uint64(len(rest)) {
		return Frame{}, 0, false
	}
	f = NewFrame(rest[:length], int(binary.LittleEndian.Uint32(head[4:])))
	if crc32.Update(f.sum, castagnoli, head[:16]) != binary.LittleEndian.Uint32(head[16:]) {
		return Frame{}, 0, false
	}
	*b = rest[length:]
	return f, binary.LittleEndian.Uint64(head[8:]), true
}
