package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// migrationLock is the advisory lock under which one process migrates:
// "pintail\x01" in ASCII.
const migrationLock = 0x70696e7461696c01

// migrations lead from an empty database to the newest schema, one version
// each. They are never edited once released: the schema changes by a new one.
var migrations = []string{
	// 1: the log itself. Columns hold '' for absent strings and NULL for absent
	// times and empty maps. Cursors only grow along the table, so that the one
	// btree is cheap to extend; questions by time use the BRIN index.
	`CREATE TABLE eventstore.log (last bigint NOT NULL);
	INSERT INTO eventstore.log VALUES (0);
	CREATE TABLE eventstore.events (
		app text NOT NULL, seq bigint NOT NULL,
		event_time timestamptz NOT NULL, arrival timestamptz NOT NULL,
		endpoint_hash bigint NOT NULL, user_hash bigint NOT NULL,
		session_start timestamptz, session_stop timestamptz, session_ms bigint NOT NULL,
		endpoint_id text NOT NULL, event_id text NOT NULL, event_type text NOT NULL, user_id text NOT NULL,
		session_id text NOT NULL,
		app_package_name text NOT NULL, app_title text NOT NULL, app_version_code text NOT NULL, app_version text NOT NULL,
		sdk_name text NOT NULL, sdk_version text NOT NULL,
		platform text NOT NULL, platform_version text NOT NULL, make text NOT NULL, model text NOT NULL,
		locale text NOT NULL, country text NOT NULL, channel_type text NOT NULL,
		cognito_id text NOT NULL, cognito_pool_id text NOT NULL,
		attributes jsonb, metrics jsonb);
	CREATE INDEX events_seq ON eventstore.events (seq);
	CREATE INDEX events_time ON eventstore.events USING brin (event_time) WITH (autosummarize = on);`,

	// 2: the endpoint's time zone, and who was active when (see package statement).
	// rolled has the cursor up to which activity has the events; who changes activity
	// locks it.
	`CREATE TABLE eventstore.rolled (until bigint NOT NULL);
	INSERT INTO eventstore.rolled VALUES (0);
	ALTER TABLE eventstore.events ADD COLUMN timezone text NOT NULL DEFAULT '';
	CREATE TABLE eventstore.activity (
		app text NOT NULL, day int NOT NULL, endpoint_hash bigint NOT NULL, user_hash bigint NOT NULL,
		slots bigint NOT NULL, events bigint NOT NULL, first_time timestamptz NOT NULL,
		app_version text NOT NULL, platform text NOT NULL, platform_version text NOT NULL, make text NOT NULL, model text NOT NULL,
		locale text NOT NULL, country text NOT NULL, channel_type text NOT NULL);
	CREATE INDEX activity_day ON eventstore.activity (app, day);
	CREATE TABLE eventstore.daily (app text NOT NULL, day int NOT NULL, endpoints bigint NOT NULL, users bigint NOT NULL, PRIMARY KEY (app, day));`,
}

// migrate brings the schema to the newest version.
func migrate(ctx context.Context, pool *pgxpool.Pool) error {
	return pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock($1)", int64(migrationLock)); err != nil {
			return err
		}
		const bootstrap = "CREATE SCHEMA IF NOT EXISTS eventstore; CREATE TABLE IF NOT EXISTS eventstore.version (version int NOT NULL)"
		if _, err := tx.Exec(ctx, bootstrap); err != nil {
			return err
		}
		var version int
		if err := tx.QueryRow(ctx, "SELECT coalesce(max(version), 0) FROM eventstore.version").Scan(&version); err != nil {
			return err
		}
		if version > len(migrations) {
			return fmt.Errorf("the database has schema version %d, this program knows %d: it was written by a newer version", version, len(migrations))
		}
		for ; version < len(migrations); version++ {
			if _, err := tx.Exec(ctx, migrations[version]); err != nil {
				return fmt.Errorf("to schema version %d: %w", version+1, err)
			}
			if _, err := tx.Exec(ctx, "INSERT INTO eventstore.version VALUES ($1)", version+1); err != nil {
				return err
			}
		}
		return nil
	})
}
