package shape

import (
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// TimeFormat is one of the timestamp formats of the AWS models, by the name
// that the models and the struct tag time:"..." give it.
type TimeFormat string

const (
	// UnixTimestamp is seconds since 1970, with up to three decimals.
	UnixTimestamp TimeFormat = "unixTimestamp"
	// ISO8601 is RFC 3339 in UTC, with milliseconds when there are any.
	ISO8601 TimeFormat = "iso8601"
	// RFC822 is the date of HTTP headers, in whole seconds.
	RFC822 TimeFormat = "rfc822"
)

// The years that every format can write.
var (
	minTime = time.Date(1, 1, 1, 0, 0, 1, 0, time.UTC)
	maxTime = time.Date(9999, 12, 31, 23, 59, 59, 999_000_000, time.UTC)
)

// Append writes t, cut to the precision of the format.
func (f TimeFormat) Append(dst []byte, t time.Time) []byte {
	t = t.UTC()
	switch f {
	case UnixTimestamp:
		return strconv.AppendFloat(dst, float64(t.UnixMilli())/1000, 'f', -1, 64)
	case RFC822:
		return t.AppendFormat(dst, http.TimeFormat)
	default:
		if t.Nanosecond() < int(time.Millisecond) {
			return t.AppendFormat(dst, "2006-01-02T15:04:05Z")
		}
		return t.AppendFormat(dst, "2006-01-02T15:04:05.000Z")
	}
}

// Parse reads a timestamp of this format, in UTC and cut to milliseconds.
func (f TimeFormat) Parse(s string) (time.Time, error) {
	switch f {
	case UnixTimestamp:
		seconds, err := ParseFloat(s, 64)
		if err != nil {
			return time.Time{}, err
		}
		return FromSeconds(seconds)
	case RFC822:
		t, err := time.Parse(http.TimeFormat, s)
		return inRange(t, err, "expected a date such as Mon, 02 Jan 2006 15:04:05 GMT")
	default:
		t, err := time.Parse(time.RFC3339, s)
		return inRange(t, err, "expected a timestamp such as 2006-01-02T15:04:05Z")
	}
}

// FromSeconds converts seconds since 1970, rounded to milliseconds.
func FromSeconds(seconds float64) (time.Time, error) {
	if !(math.Abs(seconds) < 1e12) {
		return time.Time{}, errTimeRange
	}
	return inRange(time.UnixMilli(int64(math.Round(seconds*1000))), nil, "")
}

var errTimeRange = Problem("the timestamp is out of range")

func inRange(t time.Time, err error, problem string) (time.Time, error) {
	if err != nil {
		return time.Time{}, Problem(problem)
	}
	t = t.UTC().Truncate(time.Millisecond)
	if t.Before(minTime) || t.After(maxTime) {
		return time.Time{}, errTimeRange
	}
	return t, nil
}

// ParseFloat reads a decimal number. It refuses what strconv also takes and no
// protocol sends: infinities, NaN and hexadecimal.
func ParseFloat(s string, bits int) (float64, error) {
	if strings.Trim(s, "0123456789+-.eE") != "" {
		return 0, Problem("expected a number")
	}
	f, err := strconv.ParseFloat(s, bits)
	switch {
	case err == nil:
		return f, nil
	case math.IsInf(f, 0):
		return 0, Problem("the number is out of range")
	}
	return 0, Problem("expected a number")
}
