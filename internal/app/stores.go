package app

import (
	"context"
	"errors"
	"fmt"
	"os"

	"pintail/internal/access"
	"pintail/internal/audience"
	"pintail/internal/audit"
	"pintail/internal/delivery"
	"pintail/internal/eventstore/duckdb"
	eventpostgres "pintail/internal/eventstore/postgres"
	"pintail/internal/eventstream"
	"pintail/internal/identitypool"
	"pintail/internal/job"
	"pintail/internal/keys"
	"pintail/internal/person"
	"pintail/internal/store"
	"pintail/internal/store/postgres"
	"pintail/internal/store/sqlite"
	"pintail/internal/userpool"
)

// Names of the files in the data folder.
const (
	masterKeyFile = "master.key"
	directoryFile = "directory.db"
	eventsFolder  = "events"
)

// collections are everything that the rooms keep in the directory.
func collections() []store.Kind {
	var all []store.Kind
	for _, room := range [][]store.Kind{
		access.Collections(), userpool.Collections(), identitypool.Collections(), audience.Collections(), delivery.Collections(), job.Collections(), audit.Collections(),
		person.Collections(),
		eventstream.Collections(),
	} {
		all = append(all, room...)
	}
	return all
}

// openStores opens the master key and both stores, embedded or in PostgreSQL.
func (a *App) openStores(ctx context.Context) error {
	if err := a.openMasterKey(); err != nil {
		return err
	}
	if a.config.DatabaseURL != "" {
		return a.openPostgres(ctx)
	}
	db, err := sqlite.Open(ctx, a.config.Path(directoryFile), collections()...)
	if err != nil {
		return a.openError(err)
	}
	a.db = db
	events, err := duckdb.Open(ctx, a.config.Path(eventsFolder), duckdb.Options{Log: a.log})
	if err != nil {
		return a.openError(err)
	}
	a.events = events
	return nil
}

// openPostgres opens both stores in one database.
func (a *App) openPostgres(ctx context.Context) error {
	const unusable = "the database of --database-url cannot be used: %w. Is it running, and may this user create tables in it?"
	db, err := postgres.Open(ctx, a.config.DatabaseURL, collections()...)
	if err != nil {
		return fmt.Errorf(unusable, err)
	}
	a.db = db
	events, err := eventpostgres.Open(ctx, a.config.DatabaseURL)
	if err != nil {
		return fmt.Errorf(unusable, err)
	}
	a.events = events
	return nil
}

// openError says what to do about a data folder that does not open.
func (a *App) openError(err error) error {
	if errors.Is(err, store.ErrLocked) {
		return fmt.Errorf("another pintail already runs on %s. Stop it, or choose another folder with --data", a.config.Data)
	}
	return fmt.Errorf("the data folder %s cannot be used: %w", a.config.Data, err)
}

// openMasterKey reads the key that seals secrets, or makes it for a new folder.
func (a *App) openMasterKey() (err error) {
	if text := a.config.MasterKey; text != "" {
		a.master, err = keys.ParseMasterKey(text)
		return err
	}
	path := a.config.Path(masterKeyFile)
	if _, err := os.Stat(a.config.Path(directoryFile)); err == nil {
		if a.master, err = keys.LoadMasterKey(path); err != nil {
			return fmt.Errorf("the data folder has data but its master key cannot be read: %w. Restore %s from your backup", err, path)
		}
		return nil
	}
	a.master, _, err = keys.LoadOrCreateMasterKey(path)
	return err
}
