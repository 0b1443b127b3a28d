package job

import (
	"encoding/json"
	"strings"
	"time"

	"pintail/internal/store"
)

// row is a job in the directory. Its owner is its kind.
type row struct {
	ID      string
	Payload json.RawMessage `json:",omitzero"`
	Created time.Time
	// Next is when somebody may claim the job: when it is due, when the pause
	// after a failure is over, or when the lease of who runs it ends.
	Next     time.Time
	Lease    string    `json:",omitzero"` // changes with every claim; empty while the job waits
	Attempts int       `json:",omitzero"` // how often it has been claimed
	Error    string    `json:",omitzero"` // of the latest attempt
	Failed   time.Time `json:",omitzero"` // when it was given up
}

var rows = store.NewCollection("job",
	store.Index("due", func(r *row) string {
		if !r.Failed.IsZero() {
			return ""
		}
		return store.Time(r.Next)
	}),
	store.Index("failed", func(r *row) string { return store.Time(r.Failed) }))

// Collections are what the directory must keep for this package.
func Collections() []store.Kind { return []store.Kind{rows} }

// periodicID is the id of a periodic kind's one job.
const periodicID = "periodic"

// due lists up to n jobs of a kind that may be claimed, and when the next one
// after them may be, where that is known and they are fewer than n. A periodic kind
// whose row is missing, at first or since everything was reset, is due.
func (k *kind) due(tx store.Tx, now time.Time, n int) (found []*row, next time.Time, err error) {
	waiting, _, err := rows.List(tx, k.name, store.Query{Index: "due", Limit: n + 1})
	if err != nil {
		return nil, next, err
	}
	if k.Every > 0 && len(waiting) == 0 {
		waiting = []*row{{ID: periodicID, Created: now, Next: now}}
	}
	for i, r := range waiting {
		if r.Next.After(now) {
			return waiting[:i], r.Next, nil
		}
	}
	return waiting[:min(n, len(waiting))], next, nil
}

// fail gives a job up.
func (r *row) fail(now time.Time, why string) {
	r.Failed, r.Error, r.Lease = now, why, ""
}

// maxError bounds what is kept of an error, in bytes.
const maxError = 2000

// errorText is an error as it is kept: short, and text that the directory takes.
func errorText(err error) string {
	if err == nil {
		return ""
	}
	text := err.Error()
	text = text[:min(len(text), maxError)]
	return strings.ToValidUTF8(strings.ReplaceAll(text, "\x00", ""), "")
}

// Line is why work failed, as whoever shows it keeps it: one printable line of at most so
// many bytes, and "" for no error.
func Line(err error, most int) string {
	if err == nil {
		return ""
	}
	line := strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(err.Error(), ""))
	return strings.ToValidUTF8(line[:min(len(line), most)], "")
}
