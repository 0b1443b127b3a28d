package store

import (
	"fmt"
	"iter"
)

// Collection is a declared kind of document: its name, its Go type and the
// values by which its documents can be found. Its methods take the transaction
// to work in and the owner to work for.
type Collection[T any] struct {
	schema Schema
	values []func(*T) string // one for each of schema.Indexes
}

// IndexOf declares an index of a collection of T. See [Index] and [Unique].
type IndexOf[T any] struct {
	schema IndexSchema
	value  func(*T) string
}

// Index declares an index by which documents can be listed. A document whose
// value is empty is not in the index. When the meaning of value changes, the
// index needs a new name, so that engines fill it anew.
func Index[T any](name string, value func(*T) string) IndexOf[T] {
	return IndexOf[T]{IndexSchema{Name: name}, value}
}

// Unique declares an index like [Index], in which no two documents of one owner
// have the same value.
func Unique[T any](name string, value func(*T) string) IndexOf[T] {
	return IndexOf[T]{IndexSchema{Name: name, Unique: true}, value}
}

// NewCollection declares a collection. Names are lower case letters, digits and
// underscores, at most 30 bytes for the collection and 28 for an index. It
// panics if a name is wrong or taken.
func NewCollection[T any](name string, indexes ...IndexOf[T]) *Collection[T] {
	c := &Collection[T]{schema: Schema{Name: name}}
	for _, index := range indexes {
		c.schema.Indexes = append(c.schema.Indexes, index.schema)
		c.values = append(c.values, index.value)
	}
	if err := c.schema.check(); err != nil {
		panic(err)
	}
	return c
}

// Schema describes the collection to an engine.
func (c *Collection[T]) Schema() *Schema { return &c.schema }

// Keys returns the index values of a stored document.
func (c *Collection[T]) Keys(doc []byte) ([]string, error) {
	item, err := c.decode(doc)
	if err != nil {
		return nil, err
	}
	keys := c.keys(item)
	return keys, c.checkKeys(keys)
}

// Get returns the document, or [ErrNotFound].
func (c *Collection[T]) Get(tx Tx, owner, id string) (*T, error) {
	if !possible(owner, maxOwner) || id == "" || !possible(id, maxKey) {
		return nil, ErrNotFound
	}
	doc, err := tx.rows.Get(&c.schema, owner, id)
	if err != nil {
		return nil, err
	}
	return c.decode(doc)
}

// GetBy returns the document with the value in a unique index, or [ErrNotFound].
func (c *Collection[T]) GetBy(tx Tx, owner, index, value string) (*T, error) {
	i := c.schema.find(index)
	if i < 0 || !c.schema.Indexes[i].Unique {
		return nil, fmt.Errorf("store: %s has no unique index %q", c.schema.Name, index)
	}
	if !possible(owner, maxOwner) || value == "" || !possible(value, maxKey) {
		return nil, ErrNotFound
	}
	doc, err := tx.rows.GetBy(&c.schema, owner, i, value)
	if err != nil {
		return nil, err
	}
	return c.decode(doc)
}

// Insert adds a document. It returns [ErrExists] if the owner has one with this
// id and a [*ConflictError] if another has its value in a unique index.
func (c *Collection[T]) Insert(tx Tx, owner, id string, item *T) error {
	row, err := c.row(tx, owner, id, item)
	if err != nil {
		return err
	}
	return tx.rows.Insert(&c.schema, row)
}

// Put adds or replaces a document. It returns a [*ConflictError] if another one
// has its value in a unique index.
func (c *Collection[T]) Put(tx Tx, owner, id string, item *T) error {
	row, err := c.row(tx, owner, id, item)
	if err != nil {
		return err
	}
	return tx.rows.Put(&c.schema, row)
}

// Modify gets a document, lets change work on it, and puts it back, unless
// change returns an error, which Modify returns. It returns the new document,
// or [ErrNotFound], or an error of [Collection.Put].
func (c *Collection[T]) Modify(tx Tx, owner, id string, change func(*T) error) (*T, error) {
	item, err := c.Get(tx, owner, id)
	if err != nil {
		return nil, err
	}
	if err := change(item); err != nil {
		return nil, err
	}
	if err := c.Put(tx, owner, id, item); err != nil {
		return nil, err
	}
	return item, nil
}

// Delete removes a document. It returns [ErrNotFound] if there is none.
func (c *Collection[T]) Delete(tx Tx, owner, id string) error {
	if tx.readOnly {
		return ErrReadOnly
	}
	if !possible(owner, maxOwner) || id == "" || !possible(id, maxKey) {
		return ErrNotFound
	}
	return tx.rows.Delete(&c.schema, owner, id)
}

// DeleteAll removes all documents of an owner and returns their number.
func (c *Collection[T]) DeleteAll(tx Tx, owner string) (int, error) {
	if tx.readOnly {
		return 0, ErrReadOnly
	}
	if !possible(owner, maxOwner) {
		return 0, nil
	}
	return tx.rows.DeleteAll(&c.schema, owner)
}

// Count returns the number of an owner's documents. It has to read the owner's
// part of an index from end to end.
func (c *Collection[T]) Count(tx Tx, owner string) (int, error) {
	if !possible(owner, maxOwner) {
		return 0, nil
	}
	return tx.rows.Count(&c.schema, owner)
}

// List returns one page of an owner's documents, and the cursor after which the
// next page begins. The zero cursor says that there is no next page.
func (c *Collection[T]) List(tx Tx, owner string, q Query) (items []*T, next Cursor, err error) {
	r, some, err := q.resolve(&c.schema)
	if err != nil || !some || !possible(owner, maxOwner) {
		return nil, Cursor{}, err
	}
	r.Limit++ // one more tells whether there is a next page
	found, err := tx.rows.List(&c.schema, owner, r)
	if err != nil {
		return nil, Cursor{}, err
	}
	if len(found) > q.Limit {
		found = found[:q.Limit]
		next = found[q.Limit-1].At
	}
	items = make([]*T, len(found))
	for i, f := range found {
		if items[i], err = c.decode(f.Doc); err != nil {
			return nil, Cursor{}, err
		}
	}
	return items, next, nil
}

// All returns every document that q selects, page after page; q.Limit is not
// looked at. An error ends the sequence. The loop may change documents that it
// has been given, in the same transaction, as long as they keep their place in
// the index.
func (c *Collection[T]) All(tx Tx, owner string, q Query) iter.Seq2[*T, error] {
	return func(yield func(*T, error) bool) {
		q.Limit = allPage
		for {
			items, next, err := c.List(tx, owner, q)
			if err != nil {
				yield(nil, err)
				return
			}
			for _, item := range items {
				if !yield(item, nil) {
					return
				}
			}
			if next == (Cursor{}) {
				return
			}
			q.After = next
		}
	}
}

// row checks and encodes a document for writing.
func (c *Collection[T]) row(tx Tx, owner, id string, item *T) (Row, error) {
	if tx.readOnly {
		return Row{}, ErrReadOnly
	}
	if err := checkKey("owner", owner, maxOwner); err != nil {
		return Row{}, err
	}
	if id == "" {
		return Row{}, &KeyError{"id", "is empty"}
	}
	if err := checkKey("id", id, maxKey); err != nil {
		return Row{}, err
	}
	keys := c.keys(item)
	if err := c.checkKeys(keys); err != nil {
		return Row{}, err
	}
	doc, err := c.encode(item)
	return Row{Owner: owner, ID: id, Doc: doc, Keys: keys}, err
}

// keys returns the index values of a document.
func (c *Collection[T]) keys(item *T) []string {
	keys := make([]string, len(c.values))
	for i, value := range c.values {
		keys[i] = value(item)
	}
	return keys
}

// checkKeys returns a *KeyError if an index value cannot be kept.
func (c *Collection[T]) checkKeys(keys []string) error {
	for i, key := range keys {
		if err := checkKey(c.schema.Indexes[i].Name, key, maxKey); err != nil {
			return err
		}
	}
	return nil
}
