package postgres

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

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

// migrationLock is the advisory lock of a program that migrates: "pintail".
const migrationLock = 0x70696e7461696c

// migrate brings a database to this version and its tables to the shape that the
// collections declare, in one transaction, while no other program does.
func migrate(ctx context.Context, pool *pgxpool.Pool, kinds []store.Kind) error {
	return pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "SET LOCAL lock_timeout = 0"); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock($1)", migrationLock); err != nil {
			return err
		}
		if err := upgrade(ctx, tx, migrations); err != nil {
			return err
		}
		for _, kind := range kinds {
			if err := align(ctx, tx, kind); err != nil {
				return fmt.Errorf("collection %s: %w", kind.Schema().Name, err)
			}
		}
		return nil
	})
}

// upgrade takes the steps that the database has not taken yet.
func upgrade(ctx context.Context, tx pgx.Tx, steps []string) error {
	version, err := version(ctx, tx)
	if err != nil {
		return err
	}
	if version > len(steps) {
		return fmt.Errorf("%w: its schema is %d, the newest known here is %d", store.ErrNewer, version, len(steps))
	}
	if version == len(steps) {
		return nil
	}
	for i, step := range steps[version:] {
		if _, err := tx.Exec(ctx, step); err != nil { // without arguments: there are several statements
			return fmt.Errorf("migration %d: %w", version+i+1, err)
		}
	}
	_, err = tx.Exec(ctx, "UPDATE directory.schema SET version = $1", len(steps))
	return err
}

// version returns the version of the database, 0 if it is empty.
func version(ctx context.Context, tx pgx.Tx) (version int, err error) {
	var there bool
	if err := tx.QueryRow(ctx, "SELECT to_regclass('directory.schema') IS NOT NULL").Scan(&there); err != nil || !there {
		return 0, err
	}
	err = tx.QueryRow(ctx, "SELECT version FROM directory.schema").Scan(&version)
	return version, err
}

// align gives a collection its table and the table its indexes.
func align(ctx context.Context, tx pgx.Tx, kind store.Kind) error {
	s := kind.Schema()
	var known []byte
	err := tx.QueryRow(ctx, "SELECT indexes FROM directory.collection WHERE name = $1", s.Name).Scan(&known)
	var has []store.IndexSchema
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		err = create(ctx, tx, s)
	case err == nil:
		err = json.Unmarshal(known, &has)
	}
	if err != nil {
		return err
	}
	gone, added := store.Changes(has, s.Indexes)
	if known != nil && len(gone)+len(added) == 0 {
		return nil
	}
	for _, index := range gone {
		// The index goes with its column.
		if _, err := tx.Exec(ctx, fmt.Sprintf(`ALTER TABLE %s DROP COLUMN by_%s`, name(s), index.Name)); err != nil {
			return err
		}
	}
	if err := addIndexes(ctx, tx, kind, added, known != nil); err != nil {
		return err
	}
	indexes, err := json.Marshal(s.Indexes)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO directory.collection (name, indexes) VALUES ($1, $2)
		ON CONFLICT (name) DO UPDATE SET indexes = excluded.indexes`, s.Name, indexes)
	return err
}

// create creates the table of a collection, without indexes. Keys are compared
// byte by byte, as Go and SQLite do.
func create(ctx context.Context, tx pgx.Tx, s *store.Schema) error {
	_, err := tx.Exec(ctx, fmt.Sprintf(`CREATE TABLE %s (
		owner text  COLLATE "C" NOT NULL,
		id    text  COLLATE "C" NOT NULL,
		doc   jsonb NOT NULL,
		PRIMARY KEY (owner, id)
	)`, name(s)))
	return err
}

// addIndexes adds columns for new indexes, fills them from the documents that
// are there, if there can be any, and builds the indexes.
func addIndexes(ctx context.Context, tx pgx.Tx, kind store.Kind, added []store.IndexSchema, fill bool) error {
	s := kind.Schema()
	for _, index := range added {
		_, err := tx.Exec(ctx, fmt.Sprintf(`ALTER TABLE %s ADD COLUMN by_%s text COLLATE "C" NOT NULL DEFAULT ''`, name(s), index.Name))
		if err != nil {
			return err
		}
	}
	if fill && len(added) > 0 {
		if err := backfill(ctx, tx, kind, added); err != nil {
			return err
		}
	}
	for _, index := range added {
		create, columns := "CREATE INDEX", "owner, by_%[2]s, id"
		if index.Unique {
			create, columns = "CREATE UNIQUE INDEX", "owner, by_%[2]s"
		}
		_, err := tx.Exec(ctx, fmt.Sprintf(create+` "%[1]s_by_%[2]s" ON %[3]s (`+columns+`) WHERE by_%[2]s <> ''`, s.Name, index.Name, name(s)))
		if err != nil {
			return fmt.Errorf("index %s: %w", index.Name, err)
		}
	}
	return nil
}

// backfillPage is the number of documents that backfill holds at a time.
const backfillPage = 500

// backfill computes the values of new indexes for every document.
func backfill(ctx context.Context, tx pgx.Tx, kind store.Kind, added []store.IndexSchema) error {
	s := kind.Schema()
	read := fmt.Sprintf(`SELECT owner, id, doc FROM %s WHERE (owner, id) > ($1, $2) ORDER BY owner, id LIMIT %d`, name(s), backfillPage)
	var sets, arrays, names []string
	for i, index := range added {
		sets = append(sets, fmt.Sprintf("by_%s = new.v%d", index.Name, i))
		arrays = append(arrays, fmt.Sprintf("$%d::text[]", i+3))
		names = append(names, fmt.Sprintf("v%d", i))
	}
	write := fmt.Sprintf(`UPDATE %s AS t SET %s FROM unnest($1::text[], $2::text[], %s) AS new (owner, id, %s)
		WHERE t.owner = new.owner AND t.id = new.id`,
		name(s), strings.Join(sets, ", "), strings.Join(arrays, ", "), strings.Join(names, ", "))
	for last := (store.Row{}); ; {
		page, err := readPage(ctx, tx, read, last)
		if err != nil || len(page) == 0 {
			return err
		}
		columns := make([][]string, 2+len(added))
		for _, row := range page {
			keys, err := kind.Keys(row.Doc)
			if err != nil {
				return err
			}
			columns[0], columns[1] = append(columns[0], row.Owner), append(columns[1], row.ID)
			for i, index := range added {
				columns[2+i] = append(columns[2+i], keys[slices.Index(s.Indexes, index)])
			}
		}
		var args []any
		for _, column := range columns {
			args = append(args, column)
		}
		if _, err := tx.Exec(ctx, write, args...); err != nil {
			return err
		}
		last = page[len(page)-1]
	}
}

// readPage returns the documents that follow one in the order of the primary key.
func readPage(ctx context.Context, tx pgx.Tx, query string, after store.Row) ([]store.Row, error) {
	rows, err := tx.Query(ctx, query, after.Owner, after.ID)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (r store.Row, err error) {
		err = row.Scan(&r.Owner, &r.ID, &r.Doc)
		return r, err
	})
}
