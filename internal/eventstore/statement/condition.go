package statement

import (
	"fmt"
	"strings"

	"pintail/internal/eventstore"
)

// all is the conjunction of conditions, with AND before it.
func (w *writer) all(where []eventstore.Condition) string {
	var b strings.Builder
	for i := range where {
		b.WriteString(" AND " + w.condition(&where[i]))
	}
	return b.String()
}

// condition is an expression that is true or false, never NULL.
func (w *writer) condition(c *eventstore.Condition) string {
	var sql string
	switch c.Field.Kind {
	case eventstore.Metric:
		sql = w.number(c)
	case eventstore.Label:
		sql = w.labelled(c)
	case eventstore.Attribute:
		sql = w.attribute(w.arg(c.Field.Name), c.Values)
	default:
		if sql = c.Field.Name + " <> ''"; len(c.Values) > 0 {
			sql = w.oneOf(c.Field.Name, c.Values)
		}
	}
	if c.Not {
		return "NOT (" + sql + ")"
	}
	return "(" + sql + ")"
}

func (w *writer) attribute(name string, values []string) string {
	switch {
	case len(values) == 0:
		return w.Attribute(name) + " IS NOT NULL"
	case w.AttributeIs != nil:
		return w.AttributeIs(name, w.arguments(values))
	}
	return "coalesce(" + In(w.Attribute(name), w.arguments(values)) + ", false)"
}

func (w *writer) oneOf(value string, values []string) string { return In(value, w.arguments(values)) }

func (w *writer) arguments(values []string) []string {
	list := make([]string, len(values))
	for i, v := range values {
		list[i] = w.arg(v)
	}
	return list
}

// In is whether an expression has the value of one of others.
func In(value string, others []string) string {
	if len(others) == 1 {
		return value + " = " + others[0]
	}
	return value + " IN (" + strings.Join(others, ", ") + ")"
}

func (w *writer) number(c *eventstore.Condition) string {
	if c.AtLeast == nil && c.Below == nil && c.Exactly == nil {
		return w.Metric(w.arg(c.Field.Name)) + " IS NOT NULL"
	}
	var parts []string
	for _, compare := range []struct {
		operator string
		with     *float64
	}{{">=", c.AtLeast}, {"<", c.Below}, {"=", c.Exactly}} {
		if compare.with != nil {
			parts = append(parts, w.Metric(w.arg(c.Field.Name))+" "+compare.operator+" "+w.arg(*compare.with))
		}
	}
	return "coalesce(" + strings.Join(parts, " AND ") + ", false)"
}

func (w *writer) labelled(c *eventstore.Condition) string {
	i := c.Field.Label
	table := w.label(i)
	named := ""
	if len(c.Values) > 0 {
		named = " WHERE " + w.oneOf("name", c.Values)
	}
	return fmt.Sprintf("%s IN (SELECT id FROM %s known%s)", who(w.labels[i].Of), table, named)
}
