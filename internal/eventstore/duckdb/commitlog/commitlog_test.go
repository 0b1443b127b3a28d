package commitlog

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func open(t *testing.T, dir string, used uint64) *Log {
	t.Helper()
	l, err := Open(dir, used)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func commit(t *testing.T, l *Log, payloads ...string) {
	t.Helper()
	var frames []Frame
	for _, p := range payloads {
		frames = append(frames, NewFrame([]byte(p), len(p)))
	}
	if err := l.Commit(frames); err != nil {
		t.Fatal(err)
	}
}

// contents lists the log's frames as "first:payload".
func contents(t *testing.T, l *Log, after, until uint64) (list []string) {
	t.Helper()
	err := l.Replay(after, until, func(first uint64, entries int, payload []byte) error {
		if entries != len(payload) {
			t.Errorf("frame %d has %d entries, want %d", first, entries, len(payload))
		}
		list = append(list, fmt.Sprintf("%d:%s", first, payload))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func all(t *testing.T, l *Log) []string { return contents(t, l, 0, math.MaxInt64) }

func want(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Fatalf("frames are %q, want %q", got, want)
	}
}

func TestCommitAndReplay(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir, 0)
	commit(t, l, "a", "bcd")
	commit(t, l, "ef")
	want(t, all(t, l), "1:a", "2:bcd", "5:ef")
	want(t, contents(t, l, 3, math.MaxInt64), "2:bcd", "5:ef")
	want(t, contents(t, l, 1, 4), "2:bcd")
	if l.Last() != 6 {
		t.Errorf("last is %d", l.Last())
	}
	if err := l.Close(0); err != nil {
		t.Fatal(err)
	}
	l = open(t, dir, 3)
	commit(t, l, "g")
	want(t, all(t, l), "1:a", "2:bcd", "5:ef", "7:g")
	if err := l.Close(7); err != nil {
		t.Fatal(err)
	}
	if files, _ := os.ReadDir(dir); len(files) != 0 {
		t.Errorf("%d files are left of a log that nobody needs", len(files))
	}
	l = open(t, dir, 7)
	commit(t, l, "h")
	want(t, all(t, l), "8:h")
}

func TestSegmentsAreDiscarded(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir, 0)
	big := string(bytes.Repeat([]byte("x"), segmentSize))
	commit(t, l, big)
	commit(t, l, "b")
	commit(t, l, "c")
	if err := l.Discard(uint64(len(big)) - 1); err != nil || len(l.segments) != 2 {
		t.Fatalf("%d segments, %v", len(l.segments), err)
	}
	if err := l.Discard(uint64(len(big))); err != nil || len(l.segments) != 1 {
		t.Fatalf("%d segments, %v", len(l.segments), err)
	}
	want(t, all(t, l), fmt.Sprintf("%d:b", len(big)+1), fmt.Sprintf("%d:c", len(big)+2))
	if err := l.Close(0); err != nil {
		t.Fatal(err)
	}
	if last := open(t, dir, 0).Last(); last != uint64(len(big)+2) {
		t.Errorf("last is %d", last)
	}
}

// TestTornEnd: whatever part of the last commit reached the disk, the frames
// before it are there, the log goes on after them, and opens again.
func TestTornEnd(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir, 0)
	commit(t, l, "a", "bc")
	good := l.Size()
	commit(t, l, "def")
	path := l.segments[0].path
	if err := l.Close(0); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for cut := good; cut < int64(len(whole)); cut++ {
		for _, end := range [][]byte{nil, make([]byte, 40)} {
			copied := t.TempDir()
			torn := append(slices.Clone(whole[:cut]), end...)
			if err := os.WriteFile(filepath.Join(copied, filepath.Base(path)), torn, 0o600); err != nil {
				t.Fatal(err)
			}
			for range 2 {
				l := open(t, copied, 0)
				want(t, all(t, l)[:2], "1:a", "2:bc")
				commit(t, l, "x")
				if err := l.Close(0); err != nil {
					t.Fatal(err)
				}
			}
			want(t, all(t, open(t, copied, 0)), "1:a", "2:bc", "4:x", "5:x")
		}
	}
}

func TestDamage(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir, 0)
	commit(t, l, "abc")
	path := l.segments[0].path
	if err := l.Close(0); err != nil {
		t.Fatal(err)
	}
	l = open(t, dir, 0)
	commit(t, l, "d")
	if err := l.Close(0); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := range whole {
		bad := slices.Clone(whole)
		bad[i] ^= 1
		if err := os.WriteFile(path, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(dir, 0); !errors.Is(err, ErrDamaged) {
			t.Fatalf("with byte %d wrong: %v", i, err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "notes.log"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir, 0); !errors.Is(err, ErrDamaged) {
		t.Fatalf("with a file of another name: %v", err)
	}
}

// TestFailedCommit: a commit that fails leaves nothing, also when cleaning up
// fails for a while, and the next one takes its cursors.
func TestFailedCommit(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir, 0)
	commit(t, l, "a")
	s := l.current()
	good := s.file
	readOnly, err := os.Open(s.path)
	if err != nil {
		t.Fatal(err)
	}
	defer readOnly.Close()
	s.file = readOnly
	for range 2 {
		if err := l.Commit([]Frame{NewFrame([]byte("lost"), 4)}); err == nil {
			t.Fatal("a commit to a file that cannot be written succeeded")
		}
	}
	s.file = good
	half := appendFrame(nil, NewFrame([]byte("lost"), 4), 2)
	if _, err := good.WriteAt(half, s.size); err != nil {
		t.Fatal(err)
	}
	commit(t, l, "b")
	want(t, all(t, l), "1:a", "2:b")
	if err := l.Close(0); err != nil {
		t.Fatal(err)
	}
	want(t, all(t, open(t, dir, 0)), "1:a", "2:b")
}

func FuzzFrames(f *testing.F) {
	f.Add(appendFrame([]byte(magic), NewFrame([]byte("payload"), 3), 9))
	f.Add([]byte(magic))
	f.Add([]byte("PTEVLOG2"))
	f.Fuzz(func(t *testing.T, b []byte) {
		var again []byte
		good, err := (&segment{}).frames(b, func(f Frame, first uint64) error {
			again = appendFrame(again, f, first)
			return nil
		})
		if len(b) >= len(magic) && string(b[:len(magic)]) == magic && !bytes.Equal(again, b[len(magic):good]) {
			t.Fatal("frames that were read are not the bytes they were read from")
		}
		if err == nil && good != int64(len(b)) {
			t.Fatalf("%d of %d bytes were read without an error", good, len(b))
		}
	})
}
