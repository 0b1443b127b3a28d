package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"

	// For its driver: the floor is the same SQLite, without anything of ours.
	_ "pintail/internal/store/sqlite"
)

// directoryFloor returns how many endpoints a second SQLite alone makes durable
// in a database of as many as the server has, written by one writer with so many
// rows a commit: callers who wait at the same time can share one at best.
func (b *bench) directoryFloor(ctx context.Context, rows int) (floor, error) {
	documents := make([]string, endpoints)
	for n := range documents {
		text, err := json.Marshal(endpoint(n))
		if err != nil {
			return floor{}, err
		}
		documents[n] = string(text)
	}
	folder, err := os.MkdirTemp(b.folder, "floor")
	if err != nil {
		return floor{}, err
	}
	db, err := sql.Open("sqlite3", "file:"+filepath.Join(folder, "floor.db")+"?_journal_mode=WAL&_synchronous=FULL&_cache_size=-32768")
	if err != nil {
		return floor{}, err
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	if _, err := db.ExecContext(ctx, `CREATE TABLE endpoint (
			owner TEXT NOT NULL, id TEXT NOT NULL, doc BLOB NOT NULL, by_user TEXT NOT NULL, PRIMARY KEY (owner, id)) STRICT;
		CREATE INDEX endpoint_by_user ON endpoint (owner, by_user, id) WHERE by_user <> ''`); err != nil {
		return floor{}, err
	}
	put, err := db.PrepareContext(ctx, `INSERT INTO endpoint VALUES ('app', ?, jsonb(?), ?)
		ON CONFLICT DO UPDATE SET doc = excluded.doc, by_user = excluded.by_user`)
	if err != nil {
		return floor{}, err
	}
	write := func(some []int) error {
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		defer tx.Rollback()
		for _, n := range some {
			if _, err := tx.StmtContext(ctx, put).ExecContext(ctx, endpointID(n), documents[n], userID(n)); err != nil {
				return err
			}
		}
		return tx.Commit()
	}
	every := rand.Perm(endpoints)
	for from := 0; from < endpoints; from += 1000 {
		if err := write(every[from:min(from+1000, endpoints)]); err != nil {
			return floor{}, fmt.Errorf("SQLite: %w", err)
		}
	}
	every = rand.Perm(endpoints)
	o, err := race(ctx, 1, b.while, watchProcess(os.Getpid()), func(_, n int) error {
		from := n * rows % (endpoints - rows)
		return write(every[from : from+rows])
	})
	return floor{what: fmt.Sprintf("SQLite alone (rows a commit %d)", rows), rate: o.rate() * float64(rows)}, err
}
