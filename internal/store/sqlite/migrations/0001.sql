CREATE TABLE schema (
	version INTEGER NOT NULL
) STRICT;

INSERT INTO schema (version) VALUES (0);

-- The collections that have a table, with their indexes as JSON.
CREATE TABLE collection (
	name    TEXT NOT NULL PRIMARY KEY,
	indexes TEXT NOT NULL
) STRICT;
