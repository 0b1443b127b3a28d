package statement

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"pintail/internal/eventstore"
)

// Funnel writes the query that a funnel is walked along: for every event of a step the
// actor's hash, the time in milliseconds and the steps as bits, each a 64-bit integer, and
// the group as a text where it is an event's. They come ordered by actor, time and cursor.
func (d *Dialect) Funnel(q *eventstore.FunnelQuestion) *Statement {
	w := &writer{Dialect: d, labels: q.Labels}
	s := &scope{app: q.App, buckets: q.Days, where: q.Where, by: q.By}
	groups, _ := w.fields(textFields(q.By))
	var steps, any []string
	for i, step := range q.Steps {
		condition := "true" + w.all(step.Where)
		steps = append(steps, fmt.Sprintf("CASE WHEN %s THEN %d ELSE 0 END", condition, 1<<i))
	}
	for _, step := range q.Steps {
		any = append(any, "true"+w.all(step.Where))
	}
	actor := who(q.Actor)
	return &Statement{
		SQL: fmt.Sprintf("SELECT %s, %s, CAST(%s AS BIGINT)%s FROM %s WHERE %s AND %s <> 0%s AND (%s) ORDER BY %s, event_time, seq",
			actor, w.Millis("event_time"), strings.Join(steps, " + "), groups, w.Events, w.span(s), actor, w.all(q.Where),
			strings.Join(any, " OR "), actor),
		Args: w.args, Texts: len(textFields(q.By)),
	}
}

// textFields leaves labels out: they are the actor's and not an event's.
func textFields(by []eventstore.Field) []eventstore.Field {
	return slices.DeleteFunc(slices.Clone(by), func(f eventstore.Field) bool { return f.Kind == eventstore.Label })
}

// Walk follows actors along a funnel's steps.
type Walk struct {
	steps  int
	window int64 // milliseconds
	actor  uint64
	began  [eventstore.MaxSteps]entry // of each step, the latest first event that a way to it began with
	names  map[string]string          // groups that were copied
	labels map[uint64][]string        // of actors, where those are the groups; else nil
	counts map[string][]float64       // by group, actors that came to each step
	any    bool
}

type entry struct {
	at    int64
	group string
	ok    bool
}

// NewWalk returns the walk of a question.
func NewWalk(q *eventstore.FunnelQuestion) *Walk {
	w := &Walk{steps: len(q.Steps), window: q.Window.Milliseconds(), names: map[string]string{}, counts: map[string][]float64{}}
	if len(q.By) == 1 && q.By[0].Kind == eventstore.Label {
		l := q.Labels[q.By[0].Label]
		w.labels = make(map[uint64][]string, len(l.IDs))
		for i, id := range l.IDs {
			w.labels[id] = append(w.labels[id], l.Names[i])
		}
	}
	return w
}

// Event takes in the next event: of which actor, when, and which steps it is of. The group
// is copied where it is kept.
func (w *Walk) Event(actor uint64, at int64, steps uint64, group string) {
	if !w.any || actor != w.actor {
		w.leave()
		w.actor, w.any = actor, true
	}
	for k := w.steps - 1; k > 0; k-- {
		if before := &w.began[k-1]; steps&(1<<k) != 0 && before.ok && at-before.at <= w.window {
			w.began[k] = *before
		}
	}
	if steps&1 != 0 {
		w.began[0] = entry{at: at, group: w.known(group), ok: true}
	}
}

// known returns a copy of a group that may be kept.
func (w *Walk) known(group string) string {
	name, ok := w.names[group]
	if !ok {
		name = strings.Clone(group)
		w.names[name] = name
	}
	return name
}

// leave counts the actor that the walk was with.
func (w *Walk) leave() {
	furthest := -1
	for k := range w.steps {
		if w.began[k].ok {
			furthest = k
		}
	}
	if furthest >= 0 {
		for _, group := range w.groups(w.began[furthest].group) {
			if w.counts[group] == nil {
				w.counts[group] = make([]float64, w.steps)
			}
			for k := range furthest + 1 {
				w.counts[group][k]++
			}
		}
	}
	w.began = [eventstore.MaxSteps]entry{}
}

// groups are those that the actor belongs to, given the group of the first event.
func (w *Walk) groups(first string) []string {
	if w.labels == nil {
		return []string{first}
	}
	if names := w.labels[w.actor]; len(names) > 0 {
		return names
	}
	return []string{""}
}

// Rows ends the walk and returns the answer.
func (w *Walk) Rows(grouped bool) ([]eventstore.Row, error) {
	w.leave()
	if len(w.counts) > eventstore.MaxRows {
		return nil, TooManyRows()
	}
	var rows []eventstore.Row
	for _, group := range slices.Sorted(maps.Keys(w.counts)) {
		row := eventstore.Row{Values: w.counts[group]}
		if grouped {
			row.Groups = []string{group}
		}
		rows = append(rows, row)
	}
	return rows, nil
}
