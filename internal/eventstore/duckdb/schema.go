package duckdb

import (
	"context"
	"fmt"
)

// migrations lead from an empty file to the newest schema, one version each.
// They are never edited once released: the schema changes by a new one.
var migrations = []string{
	// 1: the log itself. Columns hold '' for absent strings and NULL for absent
	// times. state.erased is the highest cursor that was in use when events were
	// last erased, so that cursors are not given twice.
	`CREATE TABLE state (erased BIGINT);
	INSERT INTO state VALUES (0);
	CREATE TABLE events (
		seq BIGINT, event_time TIMESTAMP, arrival TIMESTAMP,
		endpoint_hash UBIGINT, user_hash UBIGINT,
		session_start TIMESTAMP, session_stop TIMESTAMP, session_ms BIGINT,
		app VARCHAR, endpoint_id VARCHAR, event_id VARCHAR, event_type VARCHAR, user_id VARCHAR, session_id VARCHAR,
		app_package_name VARCHAR, app_title VARCHAR, app_version_code VARCHAR, app_version VARCHAR,
		sdk_name VARCHAR, sdk_version VARCHAR,
		platform VARCHAR, platform_version VARCHAR, make VARCHAR, model VARCHAR,
		locale VARCHAR, country VARCHAR, channel_type VARCHAR,
		cognito_id VARCHAR, cognito_pool_id VARCHAR,
		attributes MAP(VARCHAR, VARCHAR), metrics MAP(VARCHAR, DOUBLE));`,

	// 2: the endpoint's time zone, before the maps, and who was active when (see
	// package statement). state.rolled is the cursor up to which activity has the events.
	`ALTER TABLE state ADD COLUMN rolled BIGINT DEFAULT 0;
	ALTER TABLE events RENAME TO events_1;` + createEvents + `
	INSERT INTO events SELECT * EXCLUDE (attributes, metrics), '', attributes, metrics FROM events_1 ORDER BY seq;
	DROP TABLE events_1;` + createActivity,
}

// createActivity makes the tables activity and daily in their newest form.
const createActivity = `
	CREATE TABLE activity (
		app VARCHAR, day INTEGER, endpoint_hash UBIGINT, user_hash UBIGINT, slots BIGINT, events BIGINT, first_time TIMESTAMP,
		app_version VARCHAR, platform VARCHAR, platform_version VARCHAR, make VARCHAR, model VARCHAR,
		locale VARCHAR, country VARCHAR, channel_type VARCHAR);
	CREATE TABLE daily (app VARCHAR, day INTEGER, endpoints BIGINT, users BIGINT);`

// createEvents makes the table events in its newest form.
const createEvents = `
	CREATE TABLE events (
		seq BIGINT, event_time TIMESTAMP, arrival TIMESTAMP,
		endpoint_hash UBIGINT, user_hash UBIGINT,
		session_start TIMESTAMP, session_stop TIMESTAMP, session_ms BIGINT,
		app VARCHAR, endpoint_id VARCHAR, event_id VARCHAR, event_type VARCHAR, user_id VARCHAR, session_id VARCHAR,
		app_package_name VARCHAR, app_title VARCHAR, app_version_code VARCHAR, app_version VARCHAR,
		sdk_name VARCHAR, sdk_version VARCHAR,
		platform VARCHAR, platform_version VARCHAR, make VARCHAR, model VARCHAR,
		locale VARCHAR, country VARCHAR, channel_type VARCHAR,
		cognito_id VARCHAR, cognito_pool_id VARCHAR, timezone VARCHAR,
		attributes MAP(VARCHAR, VARCHAR), metrics MAP(VARCHAR, DOUBLE));`

// migrate brings the schema to the newest version.
func (c *connection) migrate(ctx context.Context) error {
	if err := c.exec(`CREATE TABLE IF NOT EXISTS schema_version (version BIGINT)`); err != nil {
		return err
	}
	version, err := c.number(ctx, `SELECT coalesce(max(version), 0) FROM schema_version`)
	if err != nil {
		return err
	}
	if version > int64(len(migrations)) {
		return fmt.Errorf("duckdb: the file has schema version %d, this program knows %d: it was written by a newer version", version, len(migrations))
	}
	for ; version < int64(len(migrations)); version++ {
		step := fmt.Sprintf("BEGIN; %s; INSERT INTO schema_version VALUES (%d); COMMIT; CHECKPOINT %s", migrations[version], version+1, catalog)
		if err := c.exec(step); err != nil {
			return fmt.Errorf("to schema version %d: %w", version+1, err)
		}
	}
	return nil
}

// number returns the BIGINT that a query answers with.
func (c *connection) number(ctx context.Context, sql string, args ...any) (n int64, err error) {
	err = c.query(ctx, sql, args, func(r result) error {
		n = r.int64s(0)[0]
		return nil
	})
	return n, err
}
