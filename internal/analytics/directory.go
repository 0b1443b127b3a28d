package analytics

import (
	"context"
	"sync"
	"time"

	"pintail/internal/audience"
	"pintail/internal/eventstore"
)

// maxLabels is how many attributes' values are remembered.
const maxLabels = 8

// directory finds the values of attributes, which endpoints and users have in the
// directory and the log does not know. It reads all endpoints of a project; what
// took long to read is used again for a moment.
type directory struct {
	audience *audience.Service

	mu    sync.Mutex
	known map[labelKey]labelled
}

type labelKey struct {
	app string
	labelName
}

type labelled struct {
	labels eventstore.Labels
	at     time.Time
}

func newDirectory(a *audience.Service) *directory {
	return &directory{audience: a, known: make(map[labelKey]labelled)}
}

func (d *directory) reset() {
	d.mu.Lock()
	defer d.mu.Unlock()
	clear(d.known)
}

// resolve returns the labels of a project's actors for each attribute.
func (d *directory) resolve(ctx context.Context, app string, names []labelName) ([]eventstore.Labels, error) {
	out := make([]eventstore.Labels, len(names))
	for i, name := range names {
		k := labelKey{app, name}
		if l, ok := d.recall(k); ok {
			out[i] = l
			continue
		}
		began := time.Now()
		l := eventstore.Labels{Of: name.of}
		err := d.audience.Attributes(ctx, app, name.of == eventstore.Users, name.name, func(id, value string) {
			l.IDs, l.Names = append(l.IDs, eventstore.Hash(id)), append(l.Names, value)
		})
		if err != nil {
			return nil, err
		}
		if out[i] = l; time.Since(began) >= dear {
			d.keep(k, labelled{l, began})
		}
	}
	return out, nil
}

func (d *directory) recall(k labelKey) (eventstore.Labels, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	l, ok := d.known[k]
	return l.labels, ok && time.Since(l.at) < reuseFor
}

// keep remembers labels in the place of all that are not fresh.
func (d *directory) keep(k labelKey, l labelled) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for old, have := range d.known {
		if time.Since(have.at) >= reuseFor {
			delete(d.known, old)
		}
	}
	if len(d.known) < maxLabels {
		d.known[k] = l
	}
}
