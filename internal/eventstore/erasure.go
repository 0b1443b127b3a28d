package eventstore

import (
	"fmt"
	"slices"
	"time"
)

// Erasure says which events of a project [Store.Erase] takes. Conditions that
// are given must all be met; at least one of Before and the person must be
// given, since DeleteApp is what erases a whole project.
type Erasure struct {
	App string

	// Before chooses events whose Event.Timestamp is earlier. It is a midnight
	// UTC, so that what an engine keeps by day is erased whole.
	Before time.Time

	// UserIDs and EndpointIDs choose the events of one person: those of the
	// users, and those of the endpoints that name no user. What an endpoint
	// reported for somebody else is somebody else's.
	UserIDs, EndpointIDs []string
}

// PrepareErasure returns an erasure in the terms of stored events, its ids
// sorted, or an error that wraps [ErrInvalid]. Engines call it first.
func PrepareErasure(x Erasure) (Erasure, error) {
	switch {
	case x.App == "":
		return x, fmt.Errorf("%w erasure: no app", ErrInvalid)
	case !x.Before.IsZero() && !x.Before.Equal(x.Before.Truncate(24*time.Hour)):
		return x, fmt.Errorf("%w erasure: %v is not the beginning of a day in UTC", ErrInvalid, x.Before)
	}
	x.UserIDs, x.EndpointIDs = storedIDs(x.UserIDs), storedIDs(x.EndpointIDs)
	if x.Before.IsZero() && !x.OfPerson() {
		return x, fmt.Errorf("%w erasure: it names neither a day nor a person", ErrInvalid)
	}
	return x, nil
}

// storedIDs returns ids as events hold them, without the empty one.
func storedIDs(ids []string) []string {
	var stored []string
	for _, id := range ids {
		if id != "" {
			stored = append(stored, repaired(id))
		}
	}
	slices.Sort(stored)
	return slices.Compact(stored)
}

// OfPerson tells whether the erasure is about one person.
func (x *Erasure) OfPerson() bool { return len(x.UserIDs)+len(x.EndpointIDs) > 0 }

// BeforeDay is the number of the day that Before begins, counted from 1970.
func (x *Erasure) BeforeDay() int64 { return x.Before.Unix() / (24 * 60 * 60) }

// Match reports whether x, which was prepared, takes e.
func (x *Erasure) Match(e *Event) bool {
	if x.App != e.App || !x.Before.IsZero() && !e.Timestamp.Before(x.Before) {
		return false
	}
	return !x.OfPerson() || slices.Contains(x.UserIDs, e.UserID) ||
		e.UserID == "" && slices.Contains(x.EndpointIDs, e.EndpointID)
}
