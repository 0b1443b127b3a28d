package eventstoretest

import (
	"maps"
	"slices"
	"sort"
	"strings"

	"pintail/internal/eventstore"
)

// naive answers questions off a list of events, one at a time and without a thought for
// speed: what the engines' answers are compared with.
type naive struct{ all []recorded }

// matches tells whether all conditions are true of an event.
func (n naive) matches(e *eventstore.Event, where []eventstore.Condition, labels []eventstore.Labels) bool {
	for _, c := range where {
		if n.holds(e, c, labels) == c.Not {
			return false
		}
	}
	return true
}

func (n naive) holds(e *eventstore.Event, c eventstore.Condition, labels []eventstore.Labels) bool {
	switch c.Field.Kind {
	case eventstore.Metric:
		v, ok := e.Metrics[c.Field.Name]
		return ok && (c.AtLeast == nil || v >= *c.AtLeast) && (c.Below == nil || v < *c.Below) && (c.Exactly == nil || v == *c.Exactly)
	case eventstore.Attribute:
		v, ok := e.Attributes[c.Field.Name]
		return ok && (len(c.Values) == 0 || slices.Contains(c.Values, v))
	case eventstore.Label:
		names := namesOf(e, labels[c.Field.Label])
		return slices.ContainsFunc(names, func(name string) bool { return len(c.Values) == 0 || slices.Contains(c.Values, name) })
	}
	v := textOf(e, c.Field.Name)
	if len(c.Values) == 0 {
		return v != ""
	}
	return slices.Contains(c.Values, v)
}

func textOf(e *eventstore.Event, name string) string {
	for _, f := range eventstore.TextFields {
		if f.Name == name {
			return *f.Of(e)
		}
	}
	panic(name)
}

func idOf(e *eventstore.Event, a eventstore.Actor) string {
	if a == eventstore.Users {
		return e.UserID
	}
	return e.EndpointID
}

func namesOf(e *eventstore.Event, l eventstore.Labels) (names []string) {
	for i, id := range l.IDs {
		if who := idOf(e, l.Of); who != "" && id == eventstore.Hash(who) {
			names = append(names, l.Names[i])
		}
	}
	return names
}

// groups are all combinations of an event's values of the fields.
func (n naive) groups(e *eventstore.Event, by []eventstore.Field, labels []eventstore.Labels) [][]string {
	out := [][]string{nil}
	for _, f := range by {
		var values []string
		switch f.Kind {
		case eventstore.Text:
			values = []string{textOf(e, f.Name)}
		case eventstore.Attribute:
			values = []string{e.Attributes[f.Name]}
		case eventstore.Label:
			if values = namesOf(e, labels[f.Label]); len(values) == 0 {
				values = []string{""}
			}
		}
		var longer [][]string
		for _, g := range out {
			for _, v := range values {
				longer = append(longer, append(slices.Clone(g), v))
			}
		}
		out = longer
	}
	return out
}

// bucketOf returns the bucket of an event, -1 for before and Len for after.
func bucketOf(e *eventstore.Event, b eventstore.Buckets) int {
	return sort.Search(len(b), func(i int) bool { return b[i].After(e.Timestamp) }) - 1
}

type cell struct {
	events           int
	sums             map[int]float64
	endpoints, users map[string]bool
}

// key is what tells the rows of an answer apart.
type key struct {
	bucket int
	groups string
}

func (n naive) count(q *eventstore.Question) []eventstore.Row {
	cells := map[key]*cell{}
	for _, r := range n.all {
		e := &r.Event
		bucket := bucketOf(e, q.Buckets)
		if e.App != q.App || bucket < 0 || bucket >= q.Buckets.Len() || !n.matches(e, q.Where, q.Labels) {
			continue
		}
		for _, g := range n.groups(e, q.By, q.Labels) {
			at := key{bucket, strings.Join(g, "\x00")}
			if cells[at] == nil {
				cells[at] = &cell{sums: map[int]float64{}, endpoints: map[string]bool{}, users: map[string]bool{}}
			}
			cells[at].add(e, q.Measures)
		}
	}
	return rows(cells, len(q.By), func(c *cell) []float64 { return c.values(q.Measures) })
}

func (c *cell) add(e *eventstore.Event, measures []eventstore.Measure) {
	c.events++
	if e.EndpointID != "" {
		c.endpoints[e.EndpointID] = true
	}
	if e.UserID != "" {
		c.users[e.UserID] = true
	}
	for i, m := range measures {
		v, ok := e.Metrics[m.Metric]
		if m.Kind != eventstore.SumMetric || !ok {
			continue
		}
		if times, ok := e.Metrics[m.Times]; ok && m.Times != "" {
			v *= times
		}
		c.sums[i] += v
	}
}

func (c *cell) values(measures []eventstore.Measure) (values []float64) {
	for i, m := range measures {
		switch m.Kind {
		case eventstore.CountEvents:
			values = append(values, float64(c.events))
		case eventstore.CountEndpoints:
			values = append(values, float64(len(c.endpoints)))
		case eventstore.CountUsers:
			values = append(values, float64(len(c.users)))
		case eventstore.SumMetric:
			values = append(values, c.sums[i])
		}
	}
	return values
}

// rows makes the answer of cells, without those that are all zero.
func rows[C any](cells map[key]C, groups int, values func(C) []float64) (list []eventstore.Row) {
	for _, at := range slices.SortedFunc(maps.Keys(cells), func(a, b key) int {
		if a.bucket != b.bucket {
			return a.bucket - b.bucket
		}
		return slices.Compare(strings.Split(a.groups, "\x00"), strings.Split(b.groups, "\x00"))
	}) {
		row := eventstore.Row{Bucket: at.bucket, Values: values(cells[at])}
		if groups > 0 {
			row.Groups = strings.Split(at.groups, "\x00")
		}
		if slices.ContainsFunc(row.Values, func(v float64) bool { return v != 0 }) {
			list = append(list, row)
		}
	}
	return list
}

// chosen are the events of actors that the conditions choose, by actor, in order.
func (n naive) chosen(q *eventstore.ActorQuestion) map[string][]recorded {
	byActor := map[string][]recorded{}
	for _, r := range n.all {
		id := idOf(&r.Event, q.Actor)
		if r.Event.App == q.App && id != "" && n.matches(&r.Event, q.Where, q.Labels) {
			byActor[id] = append(byActor[id], r)
		}
	}
	for _, list := range byActor {
		sort.SliceStable(list, func(i, j int) bool { return list[i].Event.Timestamp.Before(list[j].Event.Timestamp) })
	}
	return byActor
}

func (n naive) firstSeen(q *eventstore.ActorQuestion) []eventstore.Row {
	counts := map[key]float64{}
	for _, list := range n.chosen(q) {
		first := list[0].Event.Timestamp
		day := bucketOf(&list[0].Event, q.Days)
		if day < 0 || day >= q.Days.Len() {
			continue
		}
		found, least := map[string]bool{}, ""
		for _, r := range list {
			if !r.Event.Timestamp.Equal(first) {
				break
			}
			for _, g := range n.groups(&r.Event, q.By, q.Labels) {
				rank := rankOf(g, q.By)
				if len(found) == 0 || rank < least {
					found, least = map[string]bool{}, rank
				}
				if rank == least {
					found[strings.Join(g, "\x00")] = true
				}
			}
		}
		for g := range found {
			counts[key{day, g}]++
		}
	}
	return rows(counts, len(q.By), func(n float64) []float64 { return []float64{n} })
}

// rankOf is what decides between events at the same moment: the groups but labels.
func rankOf(groups []string, by []eventstore.Field) string {
	var rank []string
	for i, f := range by {
		if f.Kind != eventstore.Label {
			rank = append(rank, groups[i])
		}
	}
	return strings.Join(rank, "\x00")
}

// activeDays are the days on which each actor was active; -1 is any before the first.
func (n naive) activeDays(q *eventstore.ActorQuestion) (list []map[int]bool) {
	for _, events := range n.chosen(q) {
		days := map[int]bool{}
		for _, r := range events {
			days[bucketOf(&r.Event, q.Days)] = true
		}
		list = append(list, days)
	}
	return list
}

func (n naive) rolling(q *eventstore.RollingQuestion) []eventstore.Row {
	counts := map[key]float64{}
	for _, days := range n.activeDays(&q.ActorQuestion) {
		for day := q.Window - 1; day < q.Days.Len(); day++ {
			for back := range q.Window {
				if days[day-back] {
					counts[key{day, ""}]++
					break
				}
			}
		}
	}
	return rows(counts, 0, func(n float64) []float64 { return []float64{n} })
}

func (n naive) cohorts(q *eventstore.CohortQuestion) []eventstore.Row {
	counts := map[key][]float64{}
	for _, days := range n.activeDays(&q.ActorQuestion) {
		first := slices.Min(slices.Collect(maps.Keys(days)))
		for day := range q.Days.Len() - q.After[len(q.After)-1] {
			if q.Active && !days[day] || !q.Active && first != day {
				continue
			}
			at := key{day, ""}
			if counts[at] == nil {
				counts[at] = make([]float64, 1+len(q.After))
			}
			counts[at][0]++
			for i, after := range q.After {
				back := days[day+after]
				for d := 1; q.Within && d <= after; d++ {
					back = back || days[day+d]
				}
				if back {
					counts[at][1+i]++
				}
			}
		}
	}
	return rows(counts, 0, func(v []float64) []float64 { return v })
}

// funnel tries every way: from each first event on, always the next event of the next step.
func (n naive) funnel(q *eventstore.FunnelQuestion) []eventstore.Row {
	counts := map[key][]float64{}
	for _, list := range n.chosen(&q.ActorQuestion) {
		list = slices.DeleteFunc(list, func(r recorded) bool { return bucketOf(&r.Event, q.Days) != 0 })
		furthest, groups := 0, [][]string{}
		for i := range list {
			if n.matches(&list[i].Event, q.Steps[0].Where, q.Labels) {
				if steps := n.walk(q, list[i:]); steps >= furthest {
					furthest, groups = steps, n.groups(&list[i].Event, q.By, q.Labels)
				}
			}
		}
		for _, g := range groups {
			at := key{0, strings.Join(g, "\x00")}
			if counts[at] == nil {
				counts[at] = make([]float64, len(q.Steps))
			}
			for k := range furthest {
				counts[at][k]++
			}
		}
	}
	return rows(counts, len(q.By), func(v []float64) []float64 { return v })
}

// walk returns how many steps are made with the first event as the first.
func (n naive) walk(q *eventstore.FunnelQuestion, list []recorded) int {
	step, began := 1, list[0].Event.Timestamp
	for _, r := range list[1:] {
		if step < len(q.Steps) && r.Event.Timestamp.Sub(began) <= q.Window && n.matches(&r.Event, q.Steps[step].Where, q.Labels) {
			step++
		}
	}
	return step
}
