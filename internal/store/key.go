package store

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// Limits of keys in bytes. Together they fit into a third of PostgreSQL's page,
// which is what one entry of a B-tree may take.
const (
	maxOwner = 256
	maxKey   = 1024
)

// possible reports whether a key can have been stored.
func possible(key string, limit int) bool {
	return len(key) <= limit && utf8.ValidString(key) && strings.IndexByte(key, 0) < 0
}

// checkKey returns a *KeyError if a key cannot be stored.
func checkKey(name, key string, limit int) error {
	switch {
	case possible(key, limit):
		return nil
	case len(key) > limit:
		return &KeyError{name, fmt.Sprintf("is longer than %d bytes", limit)}
	default:
		return &KeyError{name, "is not valid text"}
	}
}

// Number returns an index value that sorts as n does.
func Number(n int64) string { return fmt.Sprintf("%016x", uint64(n)^1<<63) }

// Time returns an index value that sorts as t does, to the nanosecond, for the
// years 1678 to 2262. The zero time is not indexed.
func Time(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return Number(t.UnixNano())
}
