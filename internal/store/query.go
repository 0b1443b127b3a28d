package store

import (
	"fmt"
	"unicode/utf8"
)

// MaxLimit is the largest page that [Collection.List] gives.
const MaxLimit = 1000

// allPage is the size of the pages in which [Collection.All] reads.
const allPage = 500

// Query says which of an owner's documents to list, in which order.
type Query struct {
	// Index is the index to walk, in the order of (value, id); documents whose
	// value is empty are not in it. Without an index, all documents by id.
	Index string
	// Match narrows the walk to some values of the index. Zero is all of them.
	Match Match
	// After is the cursor of the previous page, zero for the first.
	After Cursor
	// Limit is the size of a page, from 1 to MaxLimit.
	Limit int
	// Descending walks from the end to the beginning.
	Descending bool
}

// Match selects values of an index. See [Equal] and [Prefix].
type Match struct {
	how   matching
	value string
}

type matching int

const (
	matchAll matching = iota
	matchEqual
	matchPrefix
)

// Equal matches one value. The empty value matches nothing, since it is in no index.
func Equal(value string) Match { return Match{matchEqual, value} }

// Prefix matches the values that begin with prefix, byte for byte.
func Prefix(prefix string) Match { return Match{matchPrefix, prefix} }

// Cursor is a place in a walk: after the document with this index value and id.
// The zero Cursor is the beginning, and as an answer says that there is no more.
// [Tokens] makes it safe to hand to a client.
type Cursor struct {
	Value string // empty in a walk without an index
	ID    string
}

// resolve translates the query for an engine. It reports whether any document
// can match.
func (q Query) resolve(s *Schema) (r Range, some bool, err error) {
	if q.Limit < 1 || q.Limit > MaxLimit {
		return r, false, fmt.Errorf("store: %s: limit %d is not within 1 and %d", s.Name, q.Limit, MaxLimit)
	}
	r = Range{Index: ByID, Descending: q.Descending, Limit: q.Limit}
	if q.Index == "" {
		if q.Match != (Match{}) {
			return r, false, fmt.Errorf("store: %s: a match needs an index", s.Name)
		}
	} else if r.Index = s.find(q.Index); r.Index < 0 {
		return r, false, fmt.Errorf("store: %s has no index %q", s.Name, q.Index)
	}
	switch q.Match.how {
	case matchEqual:
		r.After.Value, r.Before.Value = q.Match.value, afterText(q.Match.value)
		some = q.Match.value != "" && possible(q.Match.value, maxKey)
	case matchPrefix:
		r.After.Value, r.Before.Value = q.Match.value, afterPrefix(q.Match.value)
		some = possible(q.Match.value, maxKey)
	default:
		some = true
	}
	if q.After != (Cursor{}) {
		r.resume(q.After)
	}
	return r, some, nil
}

// resume narrows the range to what follows a cursor. A cursor outside of the
// range does not widen it.
func (r *Range) resume(at Cursor) {
	if r.Descending {
		if r.Before == (Cursor{}) || at.less(r.Before) {
			r.Before = at
		}
	} else if r.After.less(at) {
		r.After = at
	}
}

// less orders cursors as engines order documents.
func (c Cursor) less(other Cursor) bool {
	if c.Value != other.Value {
		return c.Value < other.Value
	}
	return c.ID < other.ID
}

// afterText returns the smallest text that is greater than a text, given that
// none holds a NUL.
func afterText(text string) string { return text + "\x01" }

// afterPrefix returns the smallest valid text that is greater than every text
// with the prefix, or "" if there is none. The order of UTF-8 is the order of
// its code points, so the last one that has a successor is replaced by it.
func afterPrefix(prefix string) string {
	for prefix != "" {
		last, size := utf8.DecodeLastRuneInString(prefix)
		prefix = prefix[:len(prefix)-size]
		switch {
		case last == utf8.MaxRune:
			continue
		case last == 0xD7FF: // the surrogates are no text
			return prefix + "\uE000"
		default:
			return prefix + string(last+1)
		}
	}
	return ""
}
