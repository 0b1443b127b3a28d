package analytics

import (
	"strconv"
	"strings"

	"pintail/internal/gen/pinpoint"
)

// answer is what a question comes to. It is shared and not changed once made.
type answer struct {
	rows    []pinpoint.ResultRow
	dropped int // groups that it leaves out
}

// row is a row on its way into an answer.
type row struct {
	date   string
	before []pinpoint.ResultRowValue // of GroupedBys, ahead of all others
	by     []dimension
	groups []string
	values []pinpoint.ResultRowValue
	some   bool // one of the values is not zero
}

func (r *row) add(key string, n float64) {
	r.values = append(r.values, number(key, n))
	r.some = r.some || n != 0
}

// addRow adds a row, unless nothing happened in it.
func (a *answer) addRow(r row) {
	if !r.some {
		return
	}
	grouped := make([]pinpoint.ResultRowValue, 0, 1+len(r.before)+len(r.by))
	if r.date != "" {
		grouped = append(grouped, text("Date", r.date))
	}
	grouped = append(grouped, r.before...)
	for i, d := range r.by {
		grouped = append(grouped, text(d.name, r.groups[i]))
	}
	a.rows = append(a.rows, pinpoint.ResultRow{GroupedBys: grouped, Values: r.values})
}

func text(key, value string) pinpoint.ResultRowValue {
	return pinpoint.ResultRowValue{Key: key, Type: "String", Value: value}
}

// number spells a number as the original does: 123.0.
func number(key string, n float64) pinpoint.ResultRowValue {
	s := strconv.FormatFloat(n+0, 'f', -1, 64) // +0: never -0
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return pinpoint.ResultRowValue{Key: key, Type: "Double", Value: s}
}
