package analytics

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"pintail/internal/eventstore"
)

func TestFilterSyntax(t *testing.T) {
	ten := 10.5
	attribute := func(name string) eventstore.Field { return eventstore.Field{Kind: eventstore.Attribute, Name: name} }
	for text, want := range map[string]eventstore.Condition{
		"attributes.screen:home,checkout": {Field: attribute("screen"), Values: []string{"home", "checkout"}},
		"!attributes.screen:home,home":    {Field: attribute("screen"), Values: []string{"home"}, Not: true},
		"attributes.screen":               {Field: attribute("screen")},
		"!attributes.screen":              {Field: attribute("screen"), Not: true},
		"attributes.screen:":              {Field: attribute("screen"), Values: []string{""}},
		`attributes.a\:b.c:x\,y,\\`:       {Field: attribute("a:b.c"), Values: []string{"x,y", `\`}},
		"channel:GCM":                     {Field: eventstore.Field{Kind: eventstore.Text, Name: "channel_type"}, Values: []string{"GCM"}},
		"metrics.amount>=10.5":            {Field: eventstore.Field{Kind: eventstore.Metric, Name: "amount"}, AtLeast: &ten},
		"!metrics.amount<10.5":            {Field: eventstore.Field{Kind: eventstore.Metric, Name: "amount"}, Below: &ten, Not: true},
		"metrics.amount:1.05e1":           {Field: eventstore.Field{Kind: eventstore.Metric, Name: "amount"}, Exactly: &ten},
		"metrics.amount":                  {Field: eventstore.Field{Kind: eventstore.Metric, Name: "amount"}},
		"user.tier:gold":                  {Field: eventstore.Field{Kind: eventstore.Label, Label: 0}, Values: []string{"gold"}},
	} {
		got, err := new(reader).condition(text)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: %v, -want +got:\n%s", text, err, diff)
		}
	}
}

func TestStepSyntax(t *testing.T) {
	r := new(reader)
	got, err := r.steps(`*,\*,order.placed[attributes.a:1,2][!endpoint.plan:\]],a\,b\[`)
	must(t, err)
	attribute := eventstore.Condition{Field: eventstore.Field{Kind: eventstore.Attribute, Name: "a"}, Values: []string{"1", "2"}}
	plan := eventstore.Condition{Field: eventstore.Field{Kind: eventstore.Label}, Values: []string{"]"}, Not: true}
	want := []step{
		{name: "*"}, {name: `\*`, where: []eventstore.Condition{ofType("*")}},
		{name: `order.placed[attributes.a:1,2][!endpoint.plan:\]]`, where: []eventstore.Condition{ofType("order.placed"), attribute, plan}},
		{name: `a\,b\[`, where: []eventstore.Condition{ofType("a,b[")}},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(step{})); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if diff := cmp.Diff([]labelName{{eventstore.Endpoints, "plan"}}, r.labels, cmp.AllowUnexported(labelName{})); diff != "" {
		t.Errorf("labels: -want +got:\n%s", diff)
	}
}

// Whatever is read, it either is refused or makes a question that the log takes.
func FuzzSyntax(f *testing.F) {
	for _, text := range []string{
		"attributes.screen:home,checkout", "!metrics.amount>=1e300", "user.tier", `endpoint.a\:b:x\,y`, "*[platform:ios]", "a,b[make:x][!model],c", `\`, "metrics.", ".",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r := new(reader)
		var where []eventstore.Condition
		var by []eventstore.Field
		if c, err := r.condition(text); err == nil {
			where = append(where, c)
		}
		if d, err := r.group(text); err == nil {
			by = append(by, d.field)
		}
		q := &eventstore.FunnelQuestion{Window: defaultWindow, Steps: []eventstore.Step{{}}}
		if list, err := r.steps(text); err == nil {
			q.Steps = nil
			for _, s := range list {
				q.Steps = append(q.Steps, eventstore.Step{Where: s.where})
			}
		}
		q.App, q.Days, q.Where, q.Labels = "a", eventstore.Buckets{noon, noon.Add(eventstore.Quarter)}, where, make([]eventstore.Labels, len(r.labels))
		for i, name := range r.labels {
			q.Labels[i].Of = name.of
		}
		if err := q.Check(); err != nil {
			t.Errorf("%q: %v", text, err)
		}
		count := &eventstore.Question{App: "a", Buckets: q.Days, By: by, Labels: q.Labels, Measures: []eventstore.Measure{events}}
		if err := count.Check(); err != nil {
			t.Errorf("group %q: %v", text, err)
		}
	})
}
