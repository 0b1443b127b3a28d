package eventstore

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// Quarter is the resolution of [Buckets]: every time zone's offset is a multiple of it.
const Quarter = 15 * time.Minute

// Limits of questions. What is beyond them is refused with [ErrInvalid].
const (
	MaxBuckets = 4000
	MaxSpan    = 11 * 366 * 24 * time.Hour
	MaxSteps   = 10
	MaxGroups  = 3       // fields to group by
	MaxRows    = 200_000 // rows of an answer
	MaxDays    = 1100    // days of a Rolling or Cohorts question
)

// Actor is who is counted.
type Actor uint8

// Endpoints are told apart by endpoint id and Users by user id; both by a 64-bit hash:
// among ten million the chance that two are taken for one is about three in a million.
// Events without such an id are nobody's.
const (
	Endpoints Actor = iota
	Users
)

// FieldKind says where a field's value is found.
type FieldKind uint8

const (
	Text      FieldKind = iota // one of [TextFields], by name; "" when absent
	Attribute                  // an attribute of the event, by name
	Metric                     // a metric of the event, by name; only conditions have it
	Label                      // what the question's Labels say of the actor, by index
)

// Field is something by which questions choose and group events.
type Field struct {
	Kind  FieldKind
	Name  string
	Label int
}

// Condition is true of an event when its field has one of the values, or, without values,
// when it has any: not "" for Text, there at all for Attribute, Metric and Label. A metric
// is compared with AtLeast, Below and Exactly where those are not nil. Not turns the
// condition round.
type Condition struct {
	Field          Field
	Values         []string
	AtLeast, Below *float64
	Exactly        *float64
	Not            bool
}

// Labels names actors: what the directory knows of them and the log does not. IDs are
// hashes as [Hash] makes them, and Names, of equal length, what each is called. An actor
// may have several names, and none twice.
type Labels struct {
	Of    Actor
	IDs   []uint64
	Names []string
}

// MeasureKind says what is counted.
type MeasureKind uint8

const (
	CountEvents MeasureKind = iota
	CountEndpoints
	CountUsers
	SumMetric // of Metric, each value times the metric Times where Times is named and the event has it
)

// Measure is a number that an answer has of every group.
type Measure struct {
	Kind          MeasureKind
	Metric, Times string
}

// Buckets are spans of time one after the other: the i-th goes from the i-th bound until
// before the next. Bounds are whole quarters of an hour.
type Buckets []time.Time

// Len is the number of buckets.
func (b Buckets) Len() int { return len(b) - 1 }

// Question asks for numbers about the events of a project in buckets of Event.Timestamp,
// chosen by conditions, all of which must be true, and grouped by fields.
type Question struct {
	App      string
	Buckets  Buckets
	Where    []Condition
	By       []Field
	Labels   []Labels
	Measures []Measure
}

// Row is a line of an answer. Groups has the value of each field of By, "" for none, and
// Values the measures.
type Row struct {
	Bucket int
	Groups []string
	Values []float64
}

// ActorQuestion asks about the days on which actors were active: had an event that the
// conditions choose. Days are the buckets.
type ActorQuestion struct {
	App    string
	Actor  Actor
	Days   Buckets
	Where  []Condition
	By     []Field
	Labels []Labels
}

// RollingQuestion asks for each day how many actors were active on it or on one of the
// Window-1 days before, which lie before Days' first bound too: Days begins Window-1 days
// before the first day that is asked about. By is not for it.
type RollingQuestion struct {
	ActorQuestion
	Window int // days, at most 100
}

// CohortQuestion asks how many actors came back. A day's cohort are the actors that were
// active for the first time ever on it or, with Active, all that were active on it. The
// values of a row are the cohort's size and, for each number of After, how many of it were
// active so many days later or, with Within, at least once on the days up to then. The
// last After days of Days have no cohort of their own. By is not for it.
type CohortQuestion struct {
	ActorQuestion
	After  []int // days, ascending, at most 100
	Active bool
	Within bool
}

// Step is a step of a funnel: events that its conditions choose.
type Step struct{ Where []Condition }

// FunnelQuestion asks how far actors come. An actor is at the first step with an event of
// that step, and at each further one with an event of it after (by time, and by cursor at
// the same time) the one before, all within Window of the first. What counts is the
// actor's furthest way. All events lie in the one bucket. With By, of at most one field,
// an actor belongs to the group of the first event on that way, the latest if several lead
// as far. The values of a row are the numbers of actors that came to each step.
type FunnelQuestion struct {
	ActorQuestion
	Steps  []Step
	Window time.Duration
}

// Check returns an error that wraps [ErrInvalid] when no engine can answer q.
func (q *Question) Check() error {
	if len(q.Measures) == 0 {
		return invalidQuestion("no measure")
	}
	for _, m := range q.Measures {
		if m.Kind > SumMetric || (m.Kind == SumMetric) != (m.Metric != "") {
			return invalidQuestion("a measure with the metric %q", m.Metric)
		}
	}
	return checkScope(q.App, q.Buckets, q.Where, q.By, q.Labels)
}

// Check returns an error that wraps [ErrInvalid] when no engine can answer q.
func (q *ActorQuestion) Check() error {
	if q.Actor > Users {
		return invalidQuestion("no such actor")
	}
	return checkScope(q.App, q.Days, q.Where, q.By, q.Labels)
}

// Check returns an error that wraps [ErrInvalid] when no engine can answer q.
func (q *RollingQuestion) Check() error {
	if q.Window < 1 || q.Window > 100 || q.Window > q.Days.Len() || q.Days.Len() > MaxDays || len(q.By) > 0 {
		return invalidQuestion("a window of %d days in %d", q.Window, q.Days.Len())
	}
	return q.ActorQuestion.Check()
}

// Check returns an error that wraps [ErrInvalid] when no engine can answer q.
func (q *CohortQuestion) Check() error {
	n := len(q.After)
	if n == 0 || q.After[0] < 1 || q.After[n-1] > 100 || q.After[n-1] >= q.Days.Len() || q.Days.Len() > MaxDays ||
		!slices.IsSorted(q.After) || len(q.By) > 0 {
		return invalidQuestion("cohorts after %v days of %d", q.After, q.Days.Len())
	}
	return q.ActorQuestion.Check()
}

// Check returns an error that wraps [ErrInvalid] when no engine can answer q.
func (q *FunnelQuestion) Check() error {
	if len(q.Steps) == 0 || len(q.Steps) > MaxSteps || q.Window < time.Millisecond || q.Days.Len() != 1 || len(q.By) > 1 {
		return invalidQuestion("a funnel of %d steps", len(q.Steps))
	}
	for _, step := range q.Steps {
		if err := checkConditions(step.Where, len(q.Labels)); err != nil {
			return err
		}
	}
	if err := q.ActorQuestion.Check(); err != nil {
		return err
	}
	if len(q.By) == 1 && q.By[0].Kind == Label && q.Labels[q.By[0].Label].Of != q.Actor {
		return invalidQuestion("a funnel's groups are labels of others")
	}
	return nil
}

func invalidQuestion(format string, args ...any) error {
	return fmt.Errorf("%w question: %s", ErrInvalid, fmt.Sprintf(format, args...))
}

// checkScope judges what all questions have in common. No count ever mixes projects.
func checkScope(app string, b Buckets, where []Condition, by []Field, labels []Labels) error {
	if app == "" {
		return invalidQuestion("no app")
	}
	if b.Len() < 1 || b.Len() > MaxBuckets || b[b.Len()].Sub(b[0]) > MaxSpan {
		return invalidQuestion("%d buckets", b.Len())
	}
	for i, at := range b {
		if at.Year() < 1 || at.Year() > 9999 || at.UnixMilli()%Quarter.Milliseconds() != 0 || i > 0 && !at.After(b[i-1]) {
			return invalidQuestion("the bound %v", at)
		}
	}
	if len(by) > MaxGroups {
		return invalidQuestion("%d fields to group by", len(by))
	}
	for _, f := range by {
		if f.Kind == Metric {
			return invalidQuestion("groups by the metric %q", f.Name)
		}
		if err := checkField(f, len(labels)); err != nil {
			return err
		}
	}
	for _, l := range labels {
		if l.Of > Users || len(l.IDs) != len(l.Names) {
			return invalidQuestion("%d labels of %d actors", len(l.Names), len(l.IDs))
		}
	}
	return checkConditions(where, len(labels))
}

func checkConditions(where []Condition, labels int) error {
	for _, c := range where {
		if err := checkField(c.Field, labels); err != nil {
			return err
		}
		if numbers := c.AtLeast != nil || c.Below != nil || c.Exactly != nil; numbers && c.Field.Kind != Metric || len(c.Values) > 0 && c.Field.Kind == Metric {
			return invalidQuestion("a condition on %q compares what it cannot", c.Field.Name)
		}
	}
	return nil
}

func checkField(f Field, labels int) error {
	switch {
	case f.Kind > Label,
		f.Kind == Text && !slices.ContainsFunc(TextFields[:], func(t TextField) bool { return t.Name == f.Name }),
		f.Kind == Label && (f.Label < 0 || f.Label >= labels):
		return invalidQuestion("the field %+v", f)
	}
	return nil
}

// Analyst answers questions about a store's events. Answers include everything that was
// acknowledged before the question, are exact but for what [Actor] says of hashes, and are
// ordered by bucket, then by groups. Rows that would be all zero are left out. A question
// that [Question.Check] or its like refuses fails with [ErrInvalid], as does one whose
// answer has more than [MaxRows] rows.
type Analyst interface {
	// Count answers a Question.
	Count(ctx context.Context, q *Question) ([]Row, error)

	// FirstSeen counts actors by the day of their first event ever that the conditions
	// choose, which is when they count, and by its groups. Rows have one value.
	FirstSeen(ctx context.Context, q *ActorQuestion) ([]Row, error)

	// Rolling answers a RollingQuestion. Rows have one value, and buckets are days from the
	// first on that is asked about: bucket Window-1 is the first.
	Rolling(ctx context.Context, q *RollingQuestion) ([]Row, error)

	// Cohorts answers a CohortQuestion. Days whose cohort is empty are left out.
	Cohorts(ctx context.Context, q *CohortQuestion) ([]Row, error)

	// Funnel answers a FunnelQuestion.
	Funnel(ctx context.Context, q *FunnelQuestion) ([]Row, error)

	// Rebuild computes anew, from the events, what the store keeps to answer faster.
	// Questions are answered meanwhile.
	Rebuild(ctx context.Context) error
}
