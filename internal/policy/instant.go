package policy

import (
	"cmp"
	"strconv"
	"strings"
	"time"
)

// instant is a moment with the range of IAM's epoch seconds, which is beyond
// what time.Time can compare.
type instant struct{ seconds, nanos int64 }

type dateOperand struct {
	relation relation
	want     instant
	valid    bool
}

// date makes operands that accept request values standing in the relation to them.
func date(r relation) func(string, bool) operand {
	return func(v string, _ bool) operand {
		want, ok := parseInstant(v)
		return &dateOperand{r, want, ok}
	}
}

func (o *dateOperand) compare(value string, _ Context) verdict {
	have, ok := parseInstant(value)
	if !ok || !o.valid {
		return undecidable
	}
	return o.relation.holds(cmp.Or(
		cmp.Compare(have.seconds, o.want.seconds),
		cmp.Compare(have.nanos, o.want.nanos),
	))
}

// parseInstant reads the W3C profile of ISO 8601, UTC where no zone is given, or
// seconds since 1970. A bare number is seconds, not a year.
func parseInstant(s string) (instant, bool) {
	if !strings.ContainsAny(s, "Tt-") {
		seconds, err := strconv.ParseInt(s, 10, 64)
		return instant{seconds: seconds}, err == nil && digits(s)
	}
	s = strings.ToUpper(s)
	t, err := time.Parse(instantLayout(s), s)
	if err != nil {
		return instant{}, false
	}
	return instant{t.Unix(), int64(t.Nanosecond())}, true
}

// instantLayout chooses the form that s can have; time.Parse takes a fraction
// of a second by itself.
func instantLayout(s string) string {
	date, clock, timed := strings.Cut(s, "T")
	if !timed {
		if len(date) == len("2006-01") {
			return "2006-01"
		}
		return "2006-01-02"
	}
	zone := strings.IndexAny(clock, "Z+-")
	seconds := strings.Count(clock, ":") == 2
	if zone >= 0 {
		seconds = strings.Count(clock[:zone], ":") == 2
	}
	switch {
	case zone >= 0 && seconds:
		return "2006-01-02T15:04:05Z07:00"
	case zone >= 0:
		return "2006-01-02T15:04Z07:00"
	case seconds:
		return "2006-01-02T15:04:05"
	}
	return "2006-01-02T15:04"
}
