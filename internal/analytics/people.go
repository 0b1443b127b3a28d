package analytics

import (
	"slices"
	"time"

	"pintail/internal/eventstore"
)

// Windows in days.
const (
	month   = 30 // of monthly actives
	maxDays = eventstore.MaxDays - 100
)

// returns are the days after which retention looks for those who came back.
var returns = []int{1, 7, 30}

const hour = time.Hour

// actorMeasure counts actors.
func actorMeasure(who eventstore.Actor) eventstore.Measure {
	if who == eventstore.Users {
		return users
	}
	return endpoints
}

// noun is how answers call the actors.
func noun(who eventstore.Actor) string {
	if who == eventstore.Users {
		return "Users"
	}
	return "Endpoints"
}

// activity is a question about the activity of actors.
func (a *asking) activity(who eventstore.Actor, in eventstore.Buckets, more []eventstore.Condition) eventstore.ActorQuestion {
	return eventstore.ActorQuestion{App: a.app, Actor: who, Days: in, Where: slices.Concat(a.where, more), Labels: a.labels}
}

// group is one of an answer's groups and the conditions that choose it.
type group struct {
	values []string
	where  []eventstore.Condition
}

// groups finds the groups with the most actors in a span. Questions about the
// days of actors are asked for each group apart.
func (a *asking) groups(who eventstore.Actor, from, to time.Time) (list []group, dropped int, err error) {
	if len(a.by) == 0 {
		return []group{{}}, 0, nil
	}
	rows, err := a.count(count{measures: []eventstore.Measure{actorMeasure(who)}}, eventstore.Buckets{from, to}, a.by, nil)
	if err != nil {
		return nil, 0, err
	}
	kept := selectTop(rows, a.by, a.limit)
	for _, r := range rows[:len(kept.rank)] {
		g := group{values: r.Groups}
		for i, d := range a.by {
			c := eventstore.Condition{Field: d.field, Values: []string{r.Groups[i]}}
			if r.Groups[i] == "" {
				c.Values, c.Not = nil, true
			}
			g.where = append(g.where, c)
		}
		list = append(list, g)
	}
	return list, kept.dropped, nil
}

// actives is a KPI of those who were active in the thirty days up to a day, of
// each interval's last.
func actives(key string, who eventstore.Actor) *kpi {
	return &kpi{takes: takesInterval | takesDaysOnly | takesGroups, interval: daily, answer: func(a *asking) (*answer, error) {
		return a.eachGroup(who, func(g group, bucket func(day int) int) ([]numbers, error) {
			in := days(a.from, a.to, a.zone)
			rolling, err := a.rolling(who, in, g.where)
			out := make([]numbers, a.series.bounds.Len())
			for day, n := range rolling {
				out[bucket(day)] = numbers{{key, n}} // that of the last day stays
			}
			return out, err
		})
	}}
}

// numbers are the values of a row.
type numbers []named

type named struct {
	key string
	n   float64
}

// eachGroup asks for the rows of one group after the other, by bucket. bucket
// tells in which one a day lies.
func (a *asking) eachGroup(who eventstore.Actor, ask func(g group, bucket func(day int) int) ([]numbers, error)) (*answer, error) {
	in := days(a.from, a.to, a.zone)
	groups, dropped, err := a.groups(who, extend(in[:1], month-1, 0, a.zone)[0], in[in.Len()])
	if err != nil {
		return nil, err
	}
	table := make([][]numbers, len(groups))
	for i, g := range groups {
		if table[i], err = ask(g, func(day int) int { return a.series.find(in[day]) }); err != nil {
			return nil, err
		}
	}
	out := &answer{dropped: dropped}
	for bucket := range a.series.bounds.Len() {
		for i, g := range groups {
			r := row{date: a.series.dates[bucket], by: a.by, groups: g.values}
			for _, v := range table[i][bucket] {
				r.add(v.key, v.n)
			}
			out.addRow(r)
		}
	}
	return out, nil
}

// find returns the bucket that a time is in. What is before the first bound is
// in the first: its interval was cut.
func (s *series) find(t time.Time) int {
	i, found := slices.BinarySearchFunc(s.bounds, t, time.Time.Compare)
	if !found {
		i--
	}
	return max(i, 0)
}

// rolling counts for each day who was active in the thirty days up to it.
func (a *asking) rolling(who eventstore.Actor, in eventstore.Buckets, more []eventstore.Condition) ([]float64, error) {
	q := &eventstore.RollingQuestion{ActorQuestion: a.activity(who, extend(in, month-1, 0, a.zone), more), Window: month}
	rows, err := a.log.Rolling(a.ctx, q)
	out := make([]float64, in.Len())
	for _, r := range rows {
		out[r.Bucket-(month-1)] = r.Values[0]
	}
	return out, err
}

// sticky answers sticky-factor: of those who were active in the thirty days up
// to a day, the part that was on the day.
func sticky(a *asking) (*answer, error) {
	return a.eachGroup(a.actor, func(g group, _ func(int) int) ([]numbers, error) {
		in := days(a.from, a.to, a.zone)
		rows, err := a.count(count{measures: []eventstore.Measure{actorMeasure(a.actor)}}, in, nil, g.where)
		if err != nil {
			return nil, err
		}
		rolling, err := a.rolling(a.actor, in, g.where) // asked later: it has all of the former
		out := make([]numbers, in.Len())
		for _, r := range rows {
			if whole := rolling[r.Bucket]; whole > 0 {
				out[r.Bucket] = numbers{{"StickyFactor", r.Values[0] / whole}}
			}
		}
		return out, err
	})
}

// arrivals is a KPI of those who were seen for the first time.
func arrivals(key string, who eventstore.Actor) *kpi {
	return &kpi{takes: takesInterval | takesGroups, interval: daily, answer: func(a *asking) (*answer, error) {
		q := a.activity(who, a.series.bounds, nil)
		for _, d := range a.by {
			q.By = append(q.By, d.field)
		}
		rows, err := a.log.FirstSeen(a.ctx, &q)
		if err != nil {
			return nil, err
		}
		cells, kept := make(map[cell][]float64), a.ranked(rows)
		for _, r := range rows {
			if where := (cell{r.Bucket, joined(r.Groups)}); kept.has(where.groups) {
				cells[where] = r.Values
			}
		}
		return formula{values: []value{{key, first}}}.arrange(a, a.by, cells, kept), nil
	}}
}

// ranked keeps the groups with the most over all buckets.
func (a *asking) ranked(rows []eventstore.Row) *selection {
	if len(a.by) == 0 {
		return new(selection)
	}
	sums := make([]eventstore.Row, len(rows))
	for i, r := range rows {
		sums[i] = eventstore.Row{Groups: r.Groups, Values: slices.Clone(r.Values[:1])}
	}
	return selectTop(fold(sums), a.by, a.limit)
}

// cohorts asks for a cohort of each day that the range touches and tells which
// of them can be judged: those whose n-th day after is over.
func (a *asking) cohorts(q eventstore.CohortQuestion, more []eventstore.Condition) (rows []eventstore.Row, over func(day, n int) bool, err error) {
	all := extend(days(a.from, a.to, a.zone), 0, q.After[len(q.After)-1], a.zone)
	q.ActorQuestion = a.activity(a.actor, all, more)
	rows, err = a.log.Cohorts(a.ctx, &q)
	return rows, func(day, n int) bool { return !all[day+n+1].After(a.now) }, err
}

// cohort adds up cohorts: how many there were, how many of them can be judged
// after each number of days, and how many of those came back.
type cohort struct {
	size         float64
	judged, back [3]float64
}

// retention answers retention: of those who came for the first time, the parts
// that came 1, 7 and 30 days later.
func retention(a *asking) (*answer, error) {
	return a.eachGroup(a.actor, func(g group, bucket func(int) int) ([]numbers, error) {
		rows, over, err := a.cohorts(eventstore.CohortQuestion{After: returns}, g.where)
		if err != nil {
			return nil, err
		}
		sums := make([]cohort, a.series.bounds.Len())
		for _, r := range rows {
			c := &sums[bucket(r.Bucket)]
			c.size += r.Values[0]
			for i, n := range returns {
				if over(r.Bucket, n) {
					c.judged[i] += r.Values[0]
					c.back[i] += r.Values[1+i]
				}
			}
		}
		out := make([]numbers, len(sums))
		for i, c := range sums {
			out[i] = numbers{{"New" + noun(a.actor), c.size}}
			for j, key := range []string{"Day1Retention", "Day7Retention", "Day30Retention"} {
				if c.judged[j] > 0 {
					out[i] = append(out[i], named{key, c.back[j] / c.judged[j]})
				}
			}
		}
		return out, nil
	})
}

// sevenDayRetention answers seven-day-retention: of those who were active on a
// day, the part that was active again within the following seven.
func sevenDayRetention(a *asking) (*answer, error) {
	return a.eachGroup(a.actor, func(g group, bucket func(int) int) ([]numbers, error) {
		rows, over, err := a.cohorts(eventstore.CohortQuestion{After: []int{7}, Active: true, Within: true}, g.where)
		if err != nil {
			return nil, err
		}
		sums := make([]cohort, a.series.bounds.Len())
		for _, r := range rows {
			if over(r.Bucket, 7) {
				c := &sums[bucket(r.Bucket)]
				c.judged[0] += r.Values[0]
				c.back[0] += r.Values[1]
			}
		}
		out := make([]numbers, len(sums))
		for i, c := range sums {
			if c.judged[0] > 0 {
				out[i] = numbers{{"Active" + noun(a.actor), c.judged[0]}, {"SevenDayRetention", c.back[0] / c.judged[0]}}
			}
		}
		return out, nil
	})
}
