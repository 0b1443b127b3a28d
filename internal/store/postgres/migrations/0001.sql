CREATE SCHEMA directory;

CREATE TABLE directory.schema (
	version integer NOT NULL
);

INSERT INTO directory.schema (version) VALUES (0);

-- The collections that have a table, with their indexes.
CREATE TABLE directory.collection (
	name    text  NOT NULL PRIMARY KEY,
	indexes jsonb NOT NULL
);
