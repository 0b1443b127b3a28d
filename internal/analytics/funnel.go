package analytics

import (
	"cmp"
	"slices"
	"strconv"

	"pintail/internal/eventstore"
	"pintail/internal/gen/pinpoint"
)

// maxFunnels is how many intervals a funnel has: each is a question of its own.
const maxFunnels = 62

// funnel answers funnel: how many come to each step, and what part of those at
// the first one that is. Each interval is a funnel of its own.
func funnel(a *asking) (*answer, error) {
	q := eventstore.FunnelQuestion{ActorQuestion: a.activity(a.actor, nil, nil), Window: a.window}
	for _, s := range a.steps {
		q.Steps = append(q.Steps, eventstore.Step{Where: s.where})
	}
	for _, d := range a.by {
		q.By = append(q.By, d.field)
	}
	var all []eventstore.Row
	for bucket := range a.series.bounds.Len() {
		q.Days = a.series.bounds[bucket : bucket+2]
		rows, err := a.log.Funnel(a.ctx, &q)
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			r.Bucket = bucket
			all = append(all, r)
		}
	}
	kept := a.ranked(all)
	slices.SortStableFunc(all, func(x, y eventstore.Row) int {
		return cmp.Or(cmp.Compare(x.Bucket, y.Bucket), cmp.Compare(kept.rank[joined(x.Groups)], kept.rank[joined(y.Groups)]))
	})
	out := &answer{dropped: kept.dropped}
	for _, r := range all {
		if kept.has(joined(r.Groups)) {
			a.addSteps(out, r)
		}
	}
	return out, nil
}

// addSteps adds a row for each step of a funnel.
func (a *asking) addSteps(out *answer, r eventstore.Row) {
	for i, n := range r.Values {
		line := row{
			date: a.series.dates[r.Bucket], by: a.by, groups: r.Groups, some: true,
			before: []pinpoint.ResultRowValue{text("Step", strconv.Itoa(i+1)), text("Event", a.steps[i].name)},
		}
		line.add(noun(a.actor), n)
		line.add("Rate", n/r.Values[0])
		out.addRow(line)
	}
}
