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
	var steps []string
	for i, step := range q.Steps {
		condition := "true" + w.all(step.Where)
		steps = append(steps, fmt.Sprintf("CASE WHEN %s THEN %d ELSE 0 END", condition, 1<<i))
	}
	where := w.all(q.Where) + w.ofAny(q.Steps)
	actor := who(q.Actor)
	return &Statement{
		SQL: fmt.Sprintf("SELECT %s, %s, CAST(%s AS BIGINT)%s FROM %s WHERE %s AND %s <> 0%s ORDER BY %s, event_time, seq",
			actor, w.Millis("event_time"), strings.Join(steps, " + "), groups, w.Events, w.span(s), actor, where, actor),
		Args: w.args, Texts: len(textFields(q.By)),
	}
}

// ofAny is the condition, with AND before it, that an event is of any step. Where all steps
// ask for types the engine first sorts out what is of others, which is quick.
func (w *writer) ofAny(steps []eventstore.Step) string {
	sql := ""
	types, enough := typesOf(steps)
	if len(types) > 0 {
		sql = " AND " + w.oneOf("event_type", types)
	}
	if enough {
		return sql
	}
	var any []string
	for _, step := range steps {
		any = append(any, "true"+w.all(step.Where))
	}
	return sql + " AND (" + strings.Join(any, " OR ") + ")"
}

// typesOf are the types of which an event must be to be of any step; none where a step asks
// for no types. They are enough when no step asks for anything else.
func typesOf(steps []eventstore.Step) (types []string, enough bool) {
	enough = true
	for _, step := range steps {
		i := slices.IndexFunc(step.Where, func(c eventstore.Condition) bool {
			return c.Field.Kind == eventstore.Text && c.Field.Name == "event_type" && len(c.Values) > 0 && !c.Not
		})
		if i < 0 {
			return nil, false
		}
		types = append(types, step.Where[i].Values...)
		enough = enough && len(step.Where) == 1
	}
	slices.Sort(types)
	return slices.Compact(types), enough
}

// textFields leaves labels out: they are the actor's and not an event's.
func textFields(by []eventstore.Field) []eventstore.Field {
	return slices.DeleteFunc(slices.Clone(by), func(f eventstore.Field) bool { return f.Kind == eventstore.Label })
}

// Walk follows actors along a funnel's steps.
type Walk struct {
	window int64 // milliseconds
	actor  uint64
	began  []entry             // of each step, the latest first event that a way to it began with
	labels map[uint64][]string // of actors, where those are the groups; else nil
	groups map[string]*group   // by name
	last   *group              // which the last event was in
}

// entry is the first event of a way; there is none without a group.
type entry struct {
	at    int64
	group *group
}

// group has the actors that came to each step.
type group struct {
	name   string
	actors []float64
}

// NewWalk returns the walk of a question.
func NewWalk(q *eventstore.FunnelQuestion) *Walk {
	w := &Walk{window: q.Window.Milliseconds(), began: make([]entry, len(q.Steps)), groups: map[string]*group{}}
	if len(q.By) == 1 && q.By[0].Kind == eventstore.Label {
		l := q.Labels[q.By[0].Label]
		w.labels = make(map[uint64][]string, len(l.IDs))
		for i, id := range l.IDs {
			w.labels[id] = append(w.labels[id], l.Names[i])
		}
	}
	return w
}

// Event takes in the next event: of which actor, when, and which steps it is of. The
// group's name is copied where it is kept.
func (w *Walk) Event(actor uint64, at int64, steps uint64, group string) {
	if actor != w.actor {
		w.leave()
		w.actor = actor
	}
	for k := len(w.began) - 1; k > 0; k-- {
		if before := w.began[k-1]; steps&(1<<k) != 0 && before.group != nil && at-before.at <= w.window {
			w.began[k] = before
		}
	}
	if steps&1 != 0 {
		w.began[0] = entry{at: at, group: w.group(group)}
	}
}

// group returns the group with a name.
func (w *Walk) group(name string) *group {
	if w.last != nil && w.last.name == name {
		return w.last
	}
	g := w.groups[name]
	if g == nil {
		g = &group{name: strings.Clone(name), actors: make([]float64, len(w.began))}
		w.groups[g.name] = g
	}
	w.last = g
	return g
}

// leave counts the actor that the walk was with.
func (w *Walk) leave() {
	came := len(w.began) // to so many steps
	for came > 0 && w.began[came-1].group == nil {
		came--
	}
	if came == 0 {
		return
	}
	switch names := w.labels[w.actor]; {
	case w.labels == nil:
		w.began[came-1].group.count(came)
	case len(names) == 0:
		w.group("").count(came)
	default:
		for _, name := range names {
			w.group(name).count(came)
		}
	}
	clear(w.began)
}

// count adds an actor who came to so many steps.
func (g *group) count(steps int) {
	for k := range steps {
		g.actors[k]++
	}
}

// Rows ends the walk and returns the answer.
func (w *Walk) Rows(grouped bool) ([]eventstore.Row, error) {
	w.leave()
	var rows []eventstore.Row
	for _, name := range slices.Sorted(maps.Keys(w.groups)) {
		row := eventstore.Row{Values: w.groups[name].actors}
		if row.Values[0] == 0 { // the actors of these events count by their labels
			continue
		}
		if grouped {
			row.Groups = []string{name}
		}
		rows = append(rows, row)
	}
	if len(rows) > eventstore.MaxRows {
		return nil, TooManyRows()
	}
	return rows, nil
}
