package store

import (
	"fmt"
	"regexp"
	"slices"
)

// Kind is a collection as an engine sees it: [Collection] without its type.
type Kind interface {
	// Schema describes the collection; always the same pointer.
	Schema() *Schema
	// Keys returns the index values of a stored document, in the order of
	// Schema().Indexes. An engine calls it to fill an index that is new.
	Keys(doc []byte) ([]string, error)
}

// Schema is the shape of a collection's table.
type Schema struct {
	Name    string
	Indexes []IndexSchema
}

// IndexSchema describes one index of a collection.
type IndexSchema struct {
	Name   string `json:"name"`
	Unique bool   `json:"unique"`
}

// Row is a document on its way into an engine.
type Row struct {
	Owner, ID string
	Doc       []byte   // JSON
	Keys      []string // index values, in the order of Schema.Indexes; "" is not indexed
}

// Found is a document on its way out of an engine, with its place in the index
// that it was found by.
type Found struct {
	At  Cursor
	Doc []byte
}

// ByID is the Range.Index that stands for the primary key.
const ByID = -1

// Range is a part of an index in its order, (value, id). ByID it is a part of
// the primary key, and the values of its cursors are empty.
type Range struct {
	Index      int    // position in Schema.Indexes, or ByID
	After      Cursor // exclusive lower bound; the zero Cursor is below everything
	Before     Cursor // exclusive upper bound, unless it is the zero Cursor
	Descending bool
	Limit      int
}

// Rows is what an engine does inside one transaction. Keys have been checked
// before they arrive here. An error other than those named below means that the
// transaction has failed; the engine then refuses all that follows.
type Rows interface {
	// Get returns ErrNotFound where there is no such document.
	Get(s *Schema, owner, id string) ([]byte, error)
	// GetBy looks in a unique index. It returns ErrNotFound.
	GetBy(s *Schema, owner string, index int, value string) ([]byte, error)
	// Insert returns ErrExists, or else a *ConflictError for the first unique
	// index in which another document has the row's value.
	Insert(s *Schema, row Row) error
	// Put inserts or replaces. It returns a *ConflictError as Insert does.
	Put(s *Schema, row Row) error
	// Delete returns ErrNotFound where there is no such document.
	Delete(s *Schema, owner, id string) error
	// DeleteAll deletes an owner's documents and returns their number.
	DeleteAll(s *Schema, owner string) (int, error)
	// Count returns the number of an owner's documents.
	Count(s *Schema, owner string) (int, error)
	// List returns an owner's documents in a range.
	List(s *Schema, owner string, r Range) ([]Found, error)
}

// names is what collections and indexes may be called. The lengths leave room
// for an index's full name within PostgreSQL's 63 bytes.
var (
	collectionName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,29}$`)
	indexName      = regexp.MustCompile(`^[a-z][a-z0-9_]{0,27}$`)
)

// reserved names belong to the engines' own tables.
var reserved = []string{"schema", "collection"}

// check returns an error if the schema cannot be a table.
func (s *Schema) check() error {
	if !collectionName.MatchString(s.Name) || slices.Contains(reserved, s.Name) {
		return fmt.Errorf("store: %q cannot name a collection", s.Name)
	}
	for i, index := range s.Indexes {
		if !indexName.MatchString(index.Name) {
			return fmt.Errorf("store: %s: %q cannot name an index", s.Name, index.Name)
		}
		if slices.IndexFunc(s.Indexes, func(x IndexSchema) bool { return x.Name == index.Name }) != i {
			return fmt.Errorf("store: %s: two indexes named %s", s.Name, index.Name)
		}
	}
	return nil
}

// find returns the position of an index, or -1.
func (s *Schema) find(index string) int {
	return slices.IndexFunc(s.Indexes, func(x IndexSchema) bool { return x.Name == index })
}

// CheckKinds returns an error if two collections have the same name.
func CheckKinds(kinds []Kind) error {
	seen := make(map[string]bool, len(kinds))
	for _, kind := range kinds {
		name := kind.Schema().Name
		if seen[name] {
			return fmt.Errorf("store: two collections named %s", name)
		}
		seen[name] = true
	}
	return nil
}

// Changes compares the indexes that a table has with those that its collection
// declares. An index that turned unique, or stopped to be, is both gone and new.
func Changes(has, declared []IndexSchema) (gone, added []IndexSchema) {
	for _, index := range has {
		if !slices.Contains(declared, index) {
			gone = append(gone, index)
		}
	}
	for _, index := range declared {
		if !slices.Contains(has, index) {
			added = append(added, index)
		}
	}
	return gone, added
}
