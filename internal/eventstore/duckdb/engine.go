package duckdb

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/duckdb/duckdb-go/v2/mapping"

	"pintail/internal/eventstore"
	"pintail/internal/eventstore/duckdb/commitlog"
)

// catalog is the name under which the file is attached to a DuckDB instance
// that has nothing else. Attaching takes options that opening does not.
const catalog = "log"

// table is the table of events as queries name it.
const table = catalog + ".events"

// Settings of the instance. DuckDB neither installs extensions nor reads or
// writes other files. Checkpoints happen when the store wants them.
var settings = map[string]string{
	"autoinstall_known_extensions": "false",
	"autoload_known_extensions":    "false",
	"checkpoint_threshold":         "1TB",
	// Two compressors that dict_fsst makes superfluous; trying them takes a
	// third of a checkpoint's time.
	"disabled_compression_methods": "fsst,dictionary",
}

// engine is the open DuckDB file and the one connection that writes to it.
//
// The file has no write-ahead log. Until a checkpoint, what is stored is in
// DuckDB's memory only, and after a crash the file is as the last checkpoint
// left it; the commit log has the rest.
type engine struct {
	db       mapping.Database
	writer   *connection
	appender mapping.Appender
	chunk    *chunk
	unsaved  int // events stored since the last checkpoint
}

// openEngine opens or creates the file and brings its schema up to date.
func openEngine(ctx context.Context, path, memoryLimit string) (*engine, error) {
	e := new(engine)
	if err := e.open(ctx, path, memoryLimit); err != nil {
		e.close()
		return nil, err
	}
	return e, nil
}

func (e *engine) open(ctx context.Context, path, memoryLimit string) (err error) {
	var config mapping.Config
	defer mapping.DestroyConfig(&config)
	mapping.CreateConfig(&config)
	for name, value := range settings {
		if mapping.SetConfig(config, name, value) == mapping.StateError {
			return fmt.Errorf("duckdb: no setting %s=%s", name, value)
		}
	}
	var message string
	if mapping.OpenExt(":memory:", &e.db, config, &message) == mapping.StateError {
		return fmt.Errorf("duckdb: %s", message)
	}
	if e.writer, err = connect(e.db); err != nil {
		return err
	}
	if err := e.attach(path, memoryLimit); err != nil {
		return err
	}
	if err := e.writer.migrate(ctx); err != nil {
		return err
	}
	return e.openAppender()
}

func (e *engine) attach(path, memoryLimit string) error {
	err := e.writer.exec(fmt.Sprintf("ATTACH %s AS %s (RECOVERY_MODE NO_WAL_WRITES, STORAGE_VERSION 'v1.5.0', ROW_GROUP_SIZE %d)", quote(path), catalog, rowGroup))
	if err != nil && strings.Contains(err.Error(), "Could not set lock") {
		return fmt.Errorf("%s is in use by another process: %w", path, err)
	}
	if err != nil {
		return fmt.Errorf("cannot open %s: %w", path, err)
	}
	return e.writer.exec(fmt.Sprintf(
		"SET memory_limit = %s; SET temp_directory = %s; SET enable_external_access = false; USE %s",
		quote(memoryLimit), quote(path+".tmp"), catalog))
}

// quote returns s as an SQL string.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

func (e *engine) openAppender() error {
	if mapping.AppenderCreateExt(e.writer.raw, catalog, "main", "events", &e.appender) == mapping.StateError {
		return e.appenderError()
	}
	e.chunk = newChunk(e.appender)
	return nil
}

func (e *engine) closeAppender() {
	if e.chunk != nil {
		e.chunk.destroy()
		e.chunk = nil
	}
	if e.appender.Ptr != nil {
		mapping.AppenderClear(e.appender)
		mapping.AppenderDestroy(&e.appender)
	}
}

// discard closes the engine after a failure and leaves the file as the last
// checkpoint left it: a transaction that failed may have spoilt what DuckDB has
// in memory.
func (e *engine) discard() {
	_ = e.writer.exec("PRAGMA disable_checkpoint_on_shutdown")
	e.close()
}

func (e *engine) close() {
	e.closeAppender()
	if e.writer != nil {
		e.writer.close()
	}
	mapping.Close(&e.db)
}

// stored returns the highest cursor that was ever stored.
func (e *engine) stored(ctx context.Context) (eventstore.Cursor, error) {
	n, err := e.writer.number(ctx, `SELECT greatest((SELECT erased FROM state), (SELECT coalesce(max(seq), 0) FROM events))`)
	return eventstore.Cursor(n), err
}

// store writes events. The appender commits by itself when it is flushed, on this
// thread; BEGIN and COMMIT as statements would run on one of DuckDB's threads while
// this one spins. After an error the engine must be discarded: the first of the
// events may be stored.
func (e *engine) store(runs []run) error {
	rows := make([]record, 0, rowsPerChunk)
	for _, r := range runs {
		e.unsaved += r.count
		err := r.each(func(x *record) error {
			if rows = append(rows, *x); len(rows) < cap(rows) {
				return nil
			}
			err := e.append(rows)
			rows = rows[:0]
			return err
		})
		if err != nil {
			return err
		}
	}
	if err := e.append(rows); err != nil {
		return err
	}
	if mapping.AppenderFlush(e.appender) == mapping.StateError {
		return e.appenderError()
	}
	return nil
}

// append hands over a chunk of rows.
func (e *engine) append(rows []record) error {
	e.chunk.fill(rows)
	if mapping.AppendDataChunk(e.appender, e.chunk.data) == mapping.StateError {
		return e.appenderError()
	}
	return nil
}

func (e *engine) appenderError() error {
	if message := mapping.AppenderError(e.appender); message != "" {
		return errors.New("duckdb: " + message)
	}
	return errors.New("duckdb: appending failed")
}

// catchUp stores what the commit log has up to a cursor and the file lacks.
func (e *engine) catchUp(log *commitlog.Log, stored, until eventstore.Cursor) error {
	pending := newTail(stored)
	move := func() error {
		runs, last := oldest(pending.state().runs)
		if err := e.store(runs); err != nil {
			return err
		}
		pending.moved(last)
		return nil
	}
	err := log.Replay(uint64(stored), uint64(until), func(first uint64, entries int, payload []byte) error {
		pending.add([]run{run{first: eventstore.Cursor(first), count: entries, encoded: payload}.upTo(until)})
		if !pending.state().large() {
			return nil
		}
		return move()
	})
	for err == nil && pending.state().count > 0 {
		err = move()
	}
	if errors.Is(err, errRecord) {
		err = fmt.Errorf("%w: %w", commitlog.ErrDamaged, err)
	}
	return err
}

// checkpoint makes everything stored durable in the file. After an error the
// engine must be discarded.
func (e *engine) checkpoint() error {
	err := e.writer.exec("CHECKPOINT " + catalog)
	if err == nil {
		e.unsaved = 0
	}
	return err
}

// deleteApp erases a project's events, and reset all of them. Stored is the
// highest cursor in use. After an error the engine must be discarded.
func (e *engine) deleteApp(ctx context.Context, app string, stored eventstore.Cursor) error {
	if err := e.writer.exec(fmt.Sprintf("BEGIN; UPDATE state SET erased = %d", stored)); err != nil {
		return err
	}
	for _, table := range []string{"events", "activity", "daily"} {
		if err := e.writer.query(ctx, "DELETE FROM "+table+" WHERE app = ?", []any{app}, nil); err != nil {
			return err
		}
	}
	if err := e.writer.exec("COMMIT"); err != nil {
		return err
	}
	return e.checkpoint()
}

func (e *engine) reset(stored eventstore.Cursor) error {
	e.closeAppender()
	err := e.writer.exec(fmt.Sprintf("BEGIN; UPDATE state SET erased = %[1]d, rolled = %[1]d; DROP TABLE events; DROP TABLE activity; DROP TABLE daily; %[2]s %[3]s COMMIT", stored, createEvents, createActivity))
	if err != nil {
		return err
	}
	if err := e.checkpoint(); err != nil {
		return err
	}
	return e.openAppender()
}
