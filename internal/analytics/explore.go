package analytics

import (
	"pintail/internal/eventstore"
)

// explore answers events: how many there were, of how many endpoints and users,
// and of a metric the sum and the mean of those events that have it.
func explore(a *asking) (*answer, error) {
	f := formula{
		counts: []count{of("", events, endpoints, users)},
		values: []value{{"Events", nth(0)}, {"Endpoints", nth(1)}, {"Users", nth(2)}},
	}
	if a.metric != "" {
		has := eventstore.Condition{Field: eventstore.Field{Kind: eventstore.Metric, Name: a.metric}}
		f.counts = append(f.counts, count{
			where:    []eventstore.Condition{has},
			measures: []eventstore.Measure{{Kind: eventstore.SumMetric, Metric: a.metric}, events},
		})
		f.values = append(f.values, value{"Sum", nth(3)}, value{"Mean", func(v []float64) (float64, bool) { return quotient(v[3:]) }})
	}
	return f.answer(a)
}

func nth(i int) func([]float64) (float64, bool) {
	return func(v []float64) (float64, bool) { return v[i], true }
}

// demographic are the fields of demographics, unless the request has its own.
var demographic = []string{"Platform", "PlatformVersion", "Make", "Model", "Locale", "AppVersion", "Country", "Channel"}

// demographics answers demographics: active endpoints and users by what is known
// of the device, one field after the other.
func demographics(a *asking) (*answer, error) {
	f := formula{
		counts: []count{of("", endpoints, users)},
		values: []value{{"Endpoints", nth(0)}, {"Users", nth(1)}},
	}
	if len(a.by) > 0 {
		return f.answer(a)
	}
	out := new(answer)
	for _, name := range demographic {
		by := []dimension{textDimension(name)}
		cells, kept, err := f.evaluate(a, by)
		if err != nil {
			return nil, err
		}
		part := f.arrange(a, by, cells, kept)
		out.rows = append(out.rows, part.rows...)
		out.dropped += part.dropped
	}
	return out, nil
}

// textDimension finds a field by the name that answers have for it.
func textDimension(name string) dimension {
	for _, d := range textDimensions {
		if d.answer == name {
			return dimension{name, eventstore.Field{Kind: eventstore.Text, Name: d.column}}
		}
	}
	panic("analytics: no field " + name)
}
