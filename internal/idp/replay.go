package idp

import (
	"context"
	"crypto/sha256"
	"errors"
	"sync"
	"time"

	"pintail/internal/clock"
)

// Replays remembers who has used an assertion, so that whoever overhears one cannot use
// it again. Where several processes serve, theirs must be one memory, such as a store's.
type Replays interface {
	// Claim notes that an assertion, named by key, is used by holder, and tells whether
	// that may be: nobody has used it before, or only the same holder has, and the holder
	// is not "". It may forget the note at until.
	Claim(ctx context.Context, key, holder string, until time.Time) (bool, error)
}

// maxReplays bounds the memory of a process: some 6 MB.
const maxReplays = 1 << 16

// ErrReplaysFull means that a memory cannot take another note. It must not forget one to
// make room, because the forgotten assertion could be used again.
var ErrReplaysFull = errors.New("idp: too many assertions to remember")

// ReplayMemory is a Replays for one process.
type ReplayMemory struct {
	clock *clock.Clock
	most  int

	mu    sync.Mutex
	notes map[[sha256.Size]byte]replayNote
	swept time.Time
}

type replayNote struct {
	holder [sha256.Size]byte
	once   bool
	until  time.Time
}

// NewReplayMemory returns an empty memory.
func NewReplayMemory(c *clock.Clock) *ReplayMemory {
	return &ReplayMemory{clock: c, most: maxReplays, notes: make(map[[sha256.Size]byte]replayNote)}
}

// Claim implements Replays. It fails with ErrReplaysFull when all that it remembers is
// still of use.
func (m *ReplayMemory) Claim(_ context.Context, key, holder string, until time.Time) (bool, error) {
	now := m.clock.Now()
	name := sha256.Sum256([]byte(key))
	mine := replayNote{holder: sha256.Sum256([]byte(holder)), once: holder == "", until: until}
	m.mu.Lock()
	defer m.mu.Unlock()
	if note, known := m.notes[name]; known && now.Before(note.until) {
		return !note.once && !mine.once && note.holder == mine.holder, nil
	}
	// Sweeping looks at every note, so it is done now and then, or where it must be.
	if len(m.notes) >= m.most || now.Sub(m.swept) > time.Minute {
		m.sweep(now)
	}
	if len(m.notes) >= m.most {
		return false, ErrReplaysFull
	}
	m.notes[name] = mine
	return true, nil
}

func (m *ReplayMemory) sweep(now time.Time) {
	m.swept = now
	for name, note := range m.notes {
		if !now.Before(note.until) {
			delete(m.notes, name)
		}
	}
}
