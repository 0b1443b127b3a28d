package analytics

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/pinpoint"
	"github.com/aws/aws-sdk-go-v2/service/pinpoint/types"
	"github.com/google/go-cmp/cmp"

	"pintail/internal/eventstore/duckdb"
	genpinpoint "pintail/internal/gen/pinpoint"
	"pintail/internal/wire"
)

type request = genpinpoint.GetApplicationDateRangeKpiRequest

// newDuckDB is a server on the embedded engine, for what does not depend on it.
func newDuckDB(t testing.TB) *server {
	t.Helper()
	s, err := duckdb.Open(t.Context(), t.TempDir(), duckdb.Options{})
	must(t, err)
	return newServer(t, s)
}

// What cannot be answered is refused with words that say why.
func TestRefusals(t *testing.T) {
	s := newDuckDB(t)
	ago := func(days int) time.Time { return noon.AddDate(0, 0, -days) }
	for want, in := range map[string]request{
		`no KPI with the name "journey-emails-sent"`:                 {KpiName: "journey-emails-sent"},
		"start-time must not be after end-time":                      {KpiName: "sessions", StartTime: ago(1), EndTime: ago(2)},
		"start-time must not be in the future":                       {KpiName: "sessions", StartTime: ago(-1), EndTime: ago(-2)},
		"must not be longer than 31 days":                            {KpiName: "txn-emails-sent", StartTime: ago(40), EndTime: ago(1)},
		"must be within the last 90 days":                            {KpiName: "txn-emails-sent", StartTime: ago(91), EndTime: ago(80)},
		"years 1970 to 9998":                                         {KpiName: "sessions", StartTime: time.Date(1969, 1, 1, 0, 0, 0, 0, time.UTC)},
		"not be longer than eleven years":                            {KpiName: "sessions", StartTime: ago(12 * 366)},
		"more than 4000 intervals":                                   {KpiName: "sessions", StartTime: ago(300), Interval: "hour"},
		"not be longer than 1000 days":                               {KpiName: "retention", StartTime: ago(1100)},
		"interval must be hour, day, week, month or none":            {KpiName: "sessions", Interval: "year"},
		"retention is about days":                                    {KpiName: "retention", Interval: "hour"},
		"txn-sms-sent does not take the parameter interval":          {KpiName: "txn-sms-sent", Interval: "day"},
		"session-heat-map does not take the parameter group-by":      {KpiName: "session-heat-map", GroupBy: []string{"platform"}},
		"sessions does not take the parameter steps":                 {KpiName: "sessions", Steps: "a"},
		"sessions does not take the parameter metric":                {KpiName: "sessions", Metric: "a"},
		"sessions does not take the parameter actor":                 {KpiName: "sessions", Actor: "users"},
		"time-zone is not a zone":                                    {KpiName: "sessions", TimeZone: "Mars/Olympus"},
		"zone of the IANA database such as Europe/Berlin: \"Local\"": {KpiName: "sessions", TimeZone: "Local"},
		"limit must be a number from 1 to 100":                       {KpiName: "sessions", Limit: "101"},
		"actor must be endpoints or users":                           {KpiName: "funnel", Actor: "pets", Steps: "a"},
		"takes the parameter group-by at most 3 times":               {KpiName: "sessions", GroupBy: []string{"platform", "make", "model", "country"}},
		"takes the parameter group-by at most 1 times":               {KpiName: "funnel", Steps: "a", GroupBy: []string{"platform", "make"}},
		`group-by "platform" is given twice`:                         {KpiName: "sessions", GroupBy: []string{"platform", "platform"}},
		`"metrics.price" cannot be grouped by`:                       {KpiName: "sessions", GroupBy: []string{"metrics.price"}},
		`The filter "colour:red" "colour" is not event-type`:         {KpiName: "sessions", Filter: []string{"colour:red"}},
		"at most 20 filters":                                         {KpiName: "sessions", Filter: make([]string, 21)},
		"more than 100 values":                                       {KpiName: "sessions", Filter: []string{"make:" + numbers100()}},
		"text of at most 2048 bytes":                                 {KpiName: "sessions", Filter: []string{"make:" + strings.Repeat("x", 2050)}},
		"ends with a backslash":                                      {KpiName: "sessions", Filter: []string{`make:x\`}},
		"compares a metric with \"ten\", which is not a number":      {KpiName: "sessions", Filter: []string{"metrics.price>=ten"}},
		"compares a metric with \"NaN\"":                             {KpiName: "sessions", Filter: []string{"metrics.price:NaN"}},
		"compares a metric in a way":                                 {KpiName: "sessions", Filter: []string{"metrics.price>3"}},
		"only metrics are compared":                                  {KpiName: "sessions", Filter: []string{"attributes.price>=3"}},
		"A funnel has 1 to 10 steps":                                 {KpiName: "funnel"},
		"The step 11 is one too many":                                {KpiName: "funnel", Steps: "a,a,a,a,a,a,a,a,a,a,a"},
		"The step 2 has no event type":                               {KpiName: "funnel", Steps: "a,"},
		"The step 1 has a bracket that is not closed":                {KpiName: "funnel", Steps: "a[make:x"},
		"The step 1 goes on after its filters":                       {KpiName: "funnel", Steps: "a[make:x]b"},
		`The step 1 has the filter "colour", which "colour" is not`:  {KpiName: "funnel", Steps: "a[colour]"},
		"window must be a number with m, h, d or w":                  {KpiName: "funnel", Steps: "a", Window: "400d"},
		"grouped by attributes of those whom it counts":              {KpiName: "funnel", Steps: "a", GroupBy: []string{"user.tier"}},
		"A funnel has at most 62 intervals":                          {KpiName: "funnel", Steps: "a", Interval: "day", StartTime: ago(100)},
		"heat map must not be longer than 366 days":                  {KpiName: "session-heat-map", StartTime: ago(400)},
	} {
		_, err := s.answer(in)
		if !errors.Is(err, genpinpoint.BadRequestException.New("")) || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %q", in, err, want)
		}
	}
}

func numbers100() string {
	return strings.Repeat("x,", 50) + strings.Join(strings.Split("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789äöüßéèêàâùûîïôçñáíóúÄÖÜÉÈÊÀÂÙÛÎÏÔÇÑÁÍÓÚ", ""), ",")
}

// A project that there is not, through the SDK.
func TestUnknownProject(t *testing.T) {
	s := newDuckDB(t)
	_, err := s.GetApplicationDateRangeKpi(t.Context(), &pinpoint.GetApplicationDateRangeKpiInput{
		ApplicationId: aws.String("0123456789abcdef0123456789abcdef"), KpiName: aws.String("sessions"),
	})
	if _, ok := errors.AsType[*types.NotFoundException](err); !ok {
		t.Errorf("error %v", err)
	}
	_, err = s.GetApplicationDateRangeKpi(t.Context(), &pinpoint.GetApplicationDateRangeKpiInput{
		ApplicationId: &s.app, KpiName: aws.String("txn-emails-sent"), StartTime: aws.Time(now.AddDate(0, 0, -40)),
	})
	if _, ok := errors.AsType[*types.BadRequestException](err); !ok {
		t.Errorf("error %v", err)
	}
}

// Events of one project are not counted in another.
func TestProjectsAreApart(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, s *server) {
		s.record(t, happened("_session.start", "e", 1, nil))
		s.app = s.newApp(t)
		if got := s.ask(t, "sessions"); got != nil {
			t.Errorf("another project's sessions: %v", got)
		}
	})
}

// The dates of an answer are those of the request, and by default the last 31
// days.
func TestDates(t *testing.T) {
	s := newDuckDB(t)
	out, err := s.answer(request{KpiName: "txn-emails-sent"})
	must(t, err)
	if want := noon.AddDate(0, 0, -31); !out.StartTime.Equal(want) || !out.EndTime.Equal(noon) {
		t.Errorf("from %v to %v, want from %v to %v", out.StartTime, out.EndTime, want, noon)
	}
	start, end := noon.Add(-91*time.Minute), noon.Add(-time.Minute)
	out, err = s.answer(request{KpiName: "txn-emails-sent", StartTime: start, EndTime: end})
	must(t, err)
	if !out.StartTime.Equal(start) || !out.EndTime.Equal(end) || out.KpiName != "txn-emails-sent" || out.ApplicationId != s.app {
		t.Errorf("answer %+v", out)
	}
}

// What the SDK's clients can send, nothing of ours, gets the defaults.
func TestCancelledQuestionIsNotKept(t *testing.T) {
	s := newDuckDB(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := s.room.getApplicationDateRangeKpi(ctx, &wire.Call{Time: noon}, &request{ApplicationId: s.app, KpiName: "sessions"})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	out, err := s.answer(request{KpiName: "sessions"})
	must(t, err)
	if diff := cmp.Diff([]genpinpoint.ResultRow{}, out.KpiResult.Rows); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
