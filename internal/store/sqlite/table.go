package sqlite

import (
	"database/sql/driver"
	"fmt"

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
	put       string // columns
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

// newTable writes the statements for a collection.
func newTable(s *store.Schema) *table {
	names, marks, sets := "owner, id, doc", "?, ?, jsonb(?)", "doc = excluded.doc"
	for _, index := range s.Indexes {
		names += ", by_" + index.Name
		marks += ", ?"
		sets += fmt.Sprintf(", by_%s = excluded.by_%[1]s", index.Name)
	}
	insert := fmt.Sprintf(`INSERT INTO "%s" (%s) VALUES (%s) `, s.Name, names, marks)
	from := fmt.Sprintf(`FROM "%s" WHERE owner = ?`, s.Name)
	t := &table{
		schema:    s,
		get:       `SELECT CAST(json(doc) AS BLOB) ` + from + ` AND id = ?`,
		exists:    `SELECT 1 ` + from + ` AND id = ?`,
		insert:    insert + `ON CONFLICT DO NOTHING`,
		put:       insert + `ON CONFLICT (owner, id) DO UPDATE SET ` + sets,
		delete:    `DELETE ` + from + ` AND id = ?`,
		deleteAll: `DELETE ` + from,
		count:     `SELECT count(*) ` + from,
		clear:     fmt.Sprintf(`DELETE FROM "%s"`, s.Name),
		walks:     make(map[walk]string),
	}
	for _, index := range s.Indexes {
		by := fmt.Sprintf(`FROM "%s" INDEXED BY "%[1]s_by_%s" WHERE owner = ? AND by_%[2]s <> '' AND by_%[2]s = ?`, s.Name, index.Name)
		t.getBy = append(t.getBy, `SELECT CAST(json(doc) AS BLOB) `+by)
		t.holder = append(t.holder, `SELECT id `+by)
	}
	t.addWalks()
	return t
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
	value, using, where := `''`, ``, ``
	place, mark := `id`, `?`
	direction := ``
	if w.descending {
		direction = ` DESC`
	}
	order := `id` + direction
	if w.index != store.ByID {
		value = `by_` + t.schema.Indexes[w.index].Name
		using = fmt.Sprintf(` INDEXED BY "%s_%s"`, t.schema.Name, value)
		// The index is partial; SQLite uses it only for statements that say so.
		where = fmt.Sprintf(` AND %s <> ''`, value)
		place, mark = fmt.Sprintf(`(%s, id)`, value), `(?, ?)`
		order = value + direction + `, ` + order
	}
	where += fmt.Sprintf(` AND %s > %s`, place, mark)
	if w.bounded {
		where += fmt.Sprintf(` AND %s < %s`, place, mark)
	}
	t.walks[w] = fmt.Sprintf(`SELECT %s, id, CAST(json(doc) AS BLOB) FROM "%s"%s WHERE owner = ?%s ORDER BY %s LIMIT ?`,
		value, t.schema.Name, using, where, order)
}

// list returns the statement that lists a range, and its arguments.
func (t *table) list(owner string, r store.Range) (string, []driver.Value) {
	w := walk{r.Index, r.Before != (store.Cursor{}), r.Descending}
	args := []driver.Value{owner}
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
	return t.walks[w], append(args, int64(r.Limit))
}

// columns returns the arguments of insert and put.
func columns(row store.Row) []driver.Value {
	args := make([]driver.Value, 0, 3+len(row.Keys))
	// As text: SQLite takes bytes for JSONB.
	args = append(args, row.Owner, row.ID, string(row.Doc))
	for _, key := range row.Keys {
		args = append(args, key)
	}
	return args
}
