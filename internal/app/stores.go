package app

import (
	"context"
	"errors"
	"fmt"
	"os"

	"pintail/internal/access"
	"pintail/internal/audience"
	"pintail/internal/delivery"
	"pintail/internal/eventstore/duckdb"
	eventpostgres "pintail/internal/eventstore/postgres"
	"pintail/internal/identitypool"
	"pintail/internal/keys"
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
		access.Collections(), userpool.Collections(), identitypool.Collections(), audience.Collections(), delivery.Collections(),
	} {
		all = append(all, room...)
	}
	return all
}

// openStores opens the master key and both stores, embedded or in PostgreSQL.
func (a *App) openStores(ctx context.Context) (err error) {
	if err := a.openMasterKey(); err != nil {
		return err
	}
	if url := a.config.DatabaseURL; url != "" {
		if a.db, err = postgres.Open(ctx, url, collections()...); err != nil {
			return fmt.Errorf("the database of --database-url cannot be used: %w", err)
		}
		if a.events, err = eventpostgres.Open(ctx, url); err != nil {
			return fmt.Errorf("the database of --database-url cannot be used: %w", err)
		}
		return nil
	}
	if a.db, err = sqlite.Open(ctx, a.config.Path(directoryFile), collections()...); err != nil {
		return a.openError(err)
	}
	if a.events, err = duckdb.Open(ctx, a.config.Path(eventsFolder), duckdb.Options{}); err != nil {
		return a.openError(err)
	}
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
