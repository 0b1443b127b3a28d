package sqlite

import (
	"context"
	"database/sql/driver"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"pintail/internal/store"
)

//go:embed migrations/*.sql
var files embed.FS

// migrations are the steps that lead from an empty database to this version's,
// in order. The number of a database's version is the number of steps it took.
var migrations = func() (steps []string) {
	names, err := fs.Glob(files, "migrations/*.sql") // sorted
	for _, name := range names {
		step, readErr := files.ReadFile(name)
		err = errors.Join(err, readErr)
		steps = append(steps, string(step))
	}
	if err != nil {
		panic(err) // unreachable: the files are part of the program
	}
	return steps
}()

// migrate brings a database to this version and its tables to the shape that the
// collections declare, in one transaction.
func migrate(ctx context.Context, c *conn, kinds []store.Kind) (err error) {
	if _, err := c.exec("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.rollback()) }()
	if err := upgrade(c, migrations); err != nil {
		return err
	}
	for _, kind := range kinds {
		if err := align(ctx, c, kind); err != nil {
			return fmt.Errorf("collection %s: %w", kind.Schema().Name, err)
		}
	}
	_, err = c.exec("COMMIT")
	return err
}

// upgrade takes the steps that the database has not taken yet.
func upgrade(c *conn, steps []string) error {
	version, err := version(c)
	if err != nil {
		return err
	}
	if version > len(steps) {
		return fmt.Errorf("%w: its schema is %d, the newest known here is %d", store.ErrNewer, version, len(steps))
	}
	for i, step := range steps[version:] {
		if _, err := c.db.Exec(step, nil); err != nil { // not exec: there are several statements
			return fmt.Errorf("migration %d: %w", version+i+1, err)
		}
	}
	_, err = c.exec("UPDATE schema SET version = ?", int64(len(steps)))
	return err
}

// version returns the version of the database, 0 if it is empty.
func version(c *conn) (int, error) {
	there, err := c.one("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'schema'")
	if err != nil || there == nil {
		return 0, err
	}
	n, err := c.one("SELECT version FROM schema")
	if err != nil {
		return 0, err
	}
	version, ok := n.(int64)
	if !ok {
		return 0, errors.New("store: the database has no version")
	}
	return int(version), nil
}

// align gives a collection its table and the table its indexes.
func align(ctx context.Context, c *conn, kind store.Kind) error {
	s := kind.Schema()
	known, err := c.one("SELECT indexes FROM collection WHERE name = ?", s.Name)
	if err != nil {
		return err
	}
	var has []store.IndexSchema
	if known == nil {
		err = create(c, s)
	} else {
		err = json.Unmarshal([]byte(known.(string)), &has)
	}
	if err != nil {
		return err
	}
	gone, added := store.Changes(has, s.Indexes)
	if known != nil && len(gone)+len(added) == 0 {
		return nil
	}
	for _, index := range gone {
		if err := dropIndex(c, s, index); err != nil {
			return err
		}
	}
	if err := addIndexes(ctx, c, kind, added, known != nil); err != nil {
		return err
	}
	indexes, err := json.Marshal(s.Indexes)
	if err != nil {
		return err
	}
	_, err = c.exec("INSERT INTO collection (name, indexes) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET indexes = ?2", s.Name, string(indexes))
	return err
}

// create creates the table of a collection, without indexes.
func create(c *conn, s *store.Schema) error {
	_, err := c.exec(fmt.Sprintf(`CREATE TABLE "%s" (
		owner TEXT NOT NULL,
		id    TEXT NOT NULL,
		doc   BLOB NOT NULL,
		PRIMARY KEY (owner, id)
	) STRICT`, s.Name))
	return err
}

// dropIndex removes an index and its column.
func dropIndex(c *conn, s *store.Schema, index store.IndexSchema) error {
	if _, err := c.exec(fmt.Sprintf(`DROP INDEX "%s_by_%s"`, s.Name, index.Name)); err != nil {
		return err
	}
	_, err := c.exec(fmt.Sprintf(`ALTER TABLE "%s" DROP COLUMN by_%s`, s.Name, index.Name))
	return err
}

// addIndexes adds columns for new indexes, fills them from the documents that
// are there, if there can be any, and builds the indexes.
func addIndexes(ctx context.Context, c *conn, kind store.Kind, added []store.IndexSchema, fill bool) error {
	s := kind.Schema()
	for _, index := range added {
		if _, err := c.exec(fmt.Sprintf(`ALTER TABLE "%s" ADD COLUMN by_%s TEXT NOT NULL DEFAULT ''`, s.Name, index.Name)); err != nil {
			return err
		}
	}
	if fill && len(added) > 0 {
		if err := backfill(ctx, c, kind, added); err != nil {
			return err
		}
	}
	for _, index := range added {
		create, columns := "CREATE INDEX", "owner, by_%[2]s, id"
		if index.Unique {
			create, columns = "CREATE UNIQUE INDEX", "owner, by_%[2]s"
		}
		_, err := c.exec(fmt.Sprintf(create+` "%[1]s_by_%[2]s" ON "%[1]s" (`+columns+`) WHERE by_%[2]s <> ''`, s.Name, index.Name))
		if err != nil {
			return fmt.Errorf("index %s: %w", index.Name, err)
		}
	}
	return nil
}

// backfillPage is the number of documents that backfill holds at a time.
const backfillPage = 500

// backfill computes the values of new indexes for every document.
func backfill(ctx context.Context, c *conn, kind store.Kind, added []store.IndexSchema) error {
	s := kind.Schema()
	read := fmt.Sprintf(`SELECT rowid, CAST(json(doc) AS BLOB) FROM "%s" WHERE rowid > ? ORDER BY rowid LIMIT %d`, s.Name, backfillPage)
	var sets []string
	for _, index := range added {
		sets = append(sets, fmt.Sprintf("by_%s = ?", index.Name))
	}
	write := fmt.Sprintf(`UPDATE "%s" SET %s WHERE rowid = ?`, s.Name, strings.Join(sets, ", "))
	for last, more := int64(0), true; more; {
		if err := ctx.Err(); err != nil {
			return err
		}
		var page [][]driver.Value
		err := c.query(read, []driver.Value{last}, 2, func(row []driver.Value) error {
			keys, err := kind.Keys(row[1].([]byte))
			if err != nil {
				return err
			}
			var args []driver.Value
			for _, index := range added {
				args = append(args, keys[slices.Index(s.Indexes, index)])
			}
			last = row[0].(int64)
			page = append(page, append(args, last))
			return nil
		})
		if err != nil {
			return err
		}
		for _, args := range page {
			if _, err := c.exec(write, args...); err != nil {
				return err
			}
		}
		more = len(page) == backfillPage
	}
	return nil
}
