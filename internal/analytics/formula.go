package analytics

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"

	"pintail/internal/eventstore"
)

// asking is a query on its way to the log.
type asking struct {
	*query
	ctx    context.Context
	log    eventstore.Analyst
	labels []eventstore.Labels
}

// count is something to ask the log for.
type count struct {
	where    []eventstore.Condition
	measures []eventstore.Measure

	// perHour counts what there is in each hour and adds that up: endpoints that
	// do the same several times in an hour count once.
	perHour bool
	// times is an attribute, a whole number, by which each event counts.
	times string
}

// value is a number of an answer, made of all measures of a formula's counts one
// after the other. Without ok there is none.
type value struct {
	key string
	of  func(measures []float64) (v float64, ok bool)
}

// formula is counts and what is made of them.
type formula struct {
	counts []count
	values []value
}

// cell is where a number belongs.
type cell struct {
	bucket int
	groups string // joined
}

// joined makes groups a key; no text in the log has a zero byte.
func joined(groups []string) string { return strings.Join(groups, "\x00") }

func (c cell) split(n int) []string {
	if n == 0 {
		return nil
	}
	return strings.Split(c.groups, "\x00")
}

// answer asks for the counts and arranges them. Of many groups those stay whose
// first measure is the greatest over the whole range.
func (f formula) answer(a *asking) (*answer, error) {
	cells, kept, err := f.evaluate(a, a.by)
	if err != nil {
		return nil, err
	}
	return f.arrange(a, a.by, cells, kept), nil
}

// evaluate returns the measures of every cell of the groups that are kept.
func (f formula) evaluate(a *asking, by []dimension) (map[cell][]float64, *selection, error) {
	kept, known, err := f.choose(a, by)
	if err != nil {
		return nil, nil, err
	}
	cells := make(map[cell][]float64)
	width, at := 0, 0
	for _, c := range f.counts {
		width += len(c.measures)
	}
	for i, c := range f.counts {
		rows := known
		if i > 0 || known == nil {
			if rows, err = a.count(c, a.series.bounds, by, kept.where); err != nil {
				return nil, nil, err
			}
		}
		for _, r := range rows {
			where := cell{r.Bucket, joined(r.Groups)}
			if !kept.has(where.groups) {
				continue
			}
			if cells[where] == nil {
				cells[where] = make([]float64, width)
			}
			copy(cells[where][at:], r.Values)
		}
		at += len(c.measures)
	}
	return cells, kept, nil
}

// arrange makes rows of cells: by bucket, then by the rank of groups.
func (f formula) arrange(a *asking, by []dimension, cells map[cell][]float64, kept *selection) *answer {
	out := &answer{dropped: kept.dropped}
	for _, where := range slices.SortedFunc(maps.Keys(cells), kept.order) {
		r := row{date: a.series.dates[where.bucket], by: by, groups: where.split(len(by))}
		for _, v := range f.values {
			if n, ok := v.of(cells[where]); ok {
				r.add(v.key, n)
				r.some = true // something was counted, if not this
			}
		}
		out.addRow(r)
	}
	return out
}

// count asks one count, in whatever way its kind needs.
func (a *asking) count(c count, bounds eventstore.Buckets, by []dimension, more []eventstore.Condition) ([]eventstore.Row, error) {
	q := &eventstore.Question{
		App: a.app, Buckets: bounds, Where: slices.Concat(a.where, c.where, more), Labels: a.labels, Measures: c.measures,
	}
	for _, d := range by {
		q.By = append(q.By, d.field)
	}
	switch {
	case c.perHour:
		return a.countPerHour(q)
	case c.times != "":
		return a.countTimes(q, c.times)
	}
	return a.log.Count(a.ctx, q)
}

// countPerHour asks in hours, cut at the buckets' bounds, and adds them up.
func (a *asking) countPerHour(q *eventstore.Question) ([]eventstore.Row, error) {
	hours, in := hoursOf(q.Buckets)
	fine := *q
	fine.Buckets = hours
	rows, err := a.log.Count(a.ctx, &fine)
	for i := range rows {
		rows[i].Bucket = in[rows[i].Bucket]
	}
	return fold(rows), err
}

// hoursOf divides buckets into hours of UTC and tells which bucket each is in.
func hoursOf(b eventstore.Buckets) (hours eventstore.Buckets, in []int) {
	hours = eventstore.Buckets{b[0]}
	for i := range b.Len() {
		for at := b[i]; at.Before(b[i+1]); {
			at = earlier(at.Truncate(hour).Add(hour), b[i+1])
			hours, in = append(hours, at), append(in, i)
		}
	}
	return hours, in
}

// countTimes asks for each value of an attribute and multiplies by it. What is
// not a number counts once.
func (a *asking) countTimes(q *eventstore.Question, attribute string) ([]eventstore.Row, error) {
	fine := *q
	fine.By = append(slices.Clone(q.By), eventstore.Field{Kind: eventstore.Attribute, Name: attribute})
	rows, err := a.log.Count(a.ctx, &fine)
	for i := range rows {
		last := len(q.By)
		n, err := strconv.Atoi(rows[i].Groups[last])
		if err != nil || n < 0 {
			n = 1
		}
		rows[i].Groups = rows[i].Groups[:last]
		for j := range rows[i].Values {
			rows[i].Values[j] *= float64(n)
		}
	}
	return fold(rows), err
}

// fold adds up rows of the same bucket and groups.
func fold(rows []eventstore.Row) []eventstore.Row {
	at := make(map[cell]int)
	var out []eventstore.Row
	for _, r := range rows {
		where := cell{r.Bucket, joined(r.Groups)}
		i, ok := at[where]
		if !ok {
			at[where] = len(out)
			out = append(out, r)
			continue
		}
		for j, v := range r.Values {
			out[i].Values[j] += v
		}
	}
	return out
}

// selection is the groups that an answer shows.
type selection struct {
	rank    map[string]int // nil: there is one group, or none are left out
	where   []eventstore.Condition
	dropped int
}

func (s *selection) has(groups string) bool {
	if s.rank == nil {
		return true
	}
	_, ok := s.rank[groups]
	return ok
}

// order is that of an answer's rows.
func (s *selection) order(a, b cell) int {
	return cmp.Or(cmp.Compare(a.bucket, b.bucket), cmp.Compare(s.rank[a.groups], s.rank[b.groups]), cmp.Compare(a.groups, b.groups))
}

// choose finds the groups to show: those with the most of the first count. It
// returns that count's rows, too, if they are those of the answer.
func (f formula) choose(a *asking, by []dimension) (kept *selection, known []eventstore.Row, err error) {
	if len(by) == 0 {
		return new(selection), nil, nil
	}
	c, bounds := f.counts[0], eventstore.Buckets{a.from, a.to}
	if a.series.bounds.Len() > 1 {
		c.measures = c.measures[:1]
	}
	rows, err := a.count(c, bounds, by, nil)
	if err != nil {
		return nil, nil, err
	}
	if kept = selectTop(rows, by, a.limit); a.series.bounds.Len() > 1 {
		rows = nil
	}
	return kept, rows, nil
}

// selectTop keeps the rows with the greatest first value.
func selectTop(rows []eventstore.Row, by []dimension, limit int) *selection {
	slices.SortFunc(rows, func(a, b eventstore.Row) int {
		return cmp.Or(cmp.Compare(b.Values[0], a.Values[0]), slices.Compare(a.Groups, b.Groups))
	})
	s := &selection{rank: make(map[string]int)}
	if len(rows) > limit {
		s.dropped = len(rows) - limit
		rows = rows[:limit]
	}
	for i, r := range rows {
		s.rank[joined(r.Groups)] = i
	}
	if s.dropped > 0 {
		s.where = narrow(rows, by)
	}
	return s
}

// narrow returns conditions that spare the log groups that would be left out.
// Those that have no value cannot be told apart by a condition.
func narrow(rows []eventstore.Row, by []dimension) (where []eventstore.Condition) {
	for i, d := range by {
		values := make(map[string]bool)
		for _, r := range rows {
			values[r.Groups[i]] = true
		}
		if !values[""] {
			where = append(where, eventstore.Condition{Field: d.field, Values: slices.Sorted(maps.Keys(values))})
		}
	}
	return where
}
