package postgres

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"pintail/internal/store"
)

// tables are the tables of the collections that a database was opened with.
type tables map[*store.Schema]*table

// table holds the statements for one collection. Its columns are owner, id, doc
// and by_x for each index x; the names are safe to quote, see package store.
type table struct {
	schema    *store.Schema
	get       string // owner, id -> document
	exists    string // owner, id -> 1
	insert    string // columns; changes no row if any unique value is taken
	put       string // columns; changes no row if another row has a unique value
	delete    string // owner, id
	deleteAll string // owner
	count     string // owner -> number
	clear     string
	getBy     []string // owner, value -> document; one for each index
	holder    []string // owner, value -> id; one for each index
	walks     map[walk]string
}

// walk is the form of a statement that lists a range.
type walk struct {
	index      int
	bounded    bool // the range has an upper bound
	descending bool
}

// newTables returns the statements for the collections.
func newTables(kinds []store.Kind) tables {
	all := make(tables, len(kinds))
	for _, kind := range kinds {
		all[kind.Schema()] = newTable(kind.Schema())
	}
	return all
}

// sorted returns the tables in the order of their names. Who locks several takes
// them in this order, so that no two wait for each other.
func (t tables) sorted() []*table {
	return slices.SortedFunc(maps.Values(t), func(a, b *table) int { return cmp.Compare(a.schema.Name, b.schema.Name) })
}

// name returns the quoted name of a collection's table.
func name(s *store.Schema) string { return `directory."` + s.Name + `"` }

// newTable writes the statements for a collection.
func newTable(s *store.Schema) *table {
	from := fmt.Sprintf(`FROM %s WHERE owner = $1`, name(s))
	t := &table{
		schema:    s,
		get:       `SELECT doc ` + from + ` AND id = $2`,
		exists:    `SELECT 1 ` + from + ` AND id = $2`,
		delete:    `DELETE ` + from + ` AND id = $2`,
		deleteAll: `DELETE ` + from,
		count:     `SELECT count(*) ` + from,
		clear:     `DELETE FROM ` + name(s),
		walks:     make(map[walk]string),
	}
	for _, index := range s.Indexes {
		by := fmt.Sprintf(` AND by_%s = $2 AND by_%[1]s <> ''`, index.Name)
		t.getBy = append(t.getBy, `SELECT doc `+from+by)
		t.holder = append(t.holder, `SELECT id `+from+by)
	}
	t.addWrites()
	t.addWalks()
	return t
}

// addWrites writes insert and put. A violated unique index would end the whole
// transaction, so both take care not to violate one.
func (t *table) addWrites() {
	names, values, sets, free := "owner, id, doc", "$1::text, $2::text, $3::jsonb", "doc = excluded.doc", ""
	for i, index := range t.schema.Indexes {
		names += ", by_" + index.Name
		values += fmt.Sprintf(", $%d::text", i+4)
		sets += fmt.Sprintf(", by_%s = excluded.by_%[1]s", index.Name)
		if !index.Unique {
			continue
		}
		if free == "" {
			free = " WHERE true"
		}
		free += fmt.Sprintf(` AND NOT EXISTS (SELECT FROM %s WHERE owner = $1 AND by_%s = $%d AND by_%[2]s <> '' AND id <> $2)`,
			name(t.schema), index.Name, i+4)
	}
	into := fmt.Sprintf(`INSERT INTO %s AS t (%s) SELECT %s`, name(t.schema), names, values)
	t.insert = into + ` ON CONFLICT DO NOTHING`
	t.put = into + free + ` ON CONFLICT (owner, id) DO UPDATE SET ` + sets
}

// addWalks writes the statements that list a range.
func (t *table) addWalks() {
	for _, bounded := range []bool{false, true} {
		for _, descending := range []bool{false, true} {
			for i := range t.schema.Indexes {
				t.add(walk{i, bounded, descending})
			}
			t.add(walk{store.ByID, bounded, descending})
		}
	}
}

// add writes the statement of a walk. Its arguments are those of [table.list].
func (t *table) add(w walk) {
	n := 1 // $1 is the owner
	mark := func() string { n++; return fmt.Sprintf("$%d", n) }
	direction := ``
	if w.descending {
		direction = ` DESC`
	}
	value, where, order := `''`, ``, `id`+direction
	place, bound := `id`, mark
	if w.index != store.ByID {
		index := t.schema.Indexes[w.index]
		value = `by_` + index.Name
		where = fmt.Sprintf(` AND %s <> ''`, value)
		place = fmt.Sprintf(`(%s, id)`, value)
		bound = func() string { return fmt.Sprintf(`(%s, %s)`, mark(), mark()) }
		if order = value + direction + `, ` + order; index.Unique {
			order = value + direction // the index has no id, and needs none
		}
	}
	where += fmt.Sprintf(` AND %s > %s`, place, bound())
	if w.bounded {
		where += fmt.Sprintf(` AND %s < %s`, place, bound())
	}
	t.walks[w] = fmt.Sprintf(`SELECT %s, id, doc FROM %s WHERE owner = $1%s ORDER BY %s LIMIT %s`,
		value, name(t.schema), where, order, mark())
}

// list returns the statement that lists a range, and its arguments.
func (t *table) list(owner string, r store.Range) (string, []any) {
	w := walk{r.Index, r.Before != (store.Cursor{}), r.Descending}
	args := []any{owner}
	bound := func(at store.Cursor) {
		if w.index != store.ByID {
			args = append(args, at.Value)
		}
		args = append(args, at.ID)
	}
	bound(r.After)
	if w.bounded {
		bound(r.Before)
	}
	return t.walks[w], append(args, r.Limit)
}

// columns returns the arguments of insert and put.
func columns(row store.Row) []any {
	args := make([]any, 0, 3+len(row.Keys))
	args = append(args, row.Owner, row.ID, row.Doc)
	for _, key := range row.Keys {
		args = append(args, key)
	}
	return args
}
