-- What a program of schema version 1 left behind. See storetest.Version1.
CREATE SCHEMA directory;

CREATE TABLE directory.schema (
	version integer NOT NULL
);
INSERT INTO directory.schema VALUES (1);

CREATE TABLE directory.collection (
	name    text  NOT NULL PRIMARY KEY,
	indexes jsonb NOT NULL
);
INSERT INTO directory.collection VALUES ('person', '[{"name":"email","unique":true},{"name":"nick","unique":false}]');

CREATE TABLE directory."person" (
	owner text  COLLATE "C" NOT NULL,
	id    text  COLLATE "C" NOT NULL,
	doc   jsonb NOT NULL,
	by_email text COLLATE "C" NOT NULL DEFAULT '',
	by_nick  text COLLATE "C" NOT NULL DEFAULT '',
	PRIMARY KEY (owner, id)
);
CREATE UNIQUE INDEX "person_by_email" ON directory."person" (owner, by_email) WHERE by_email <> '';
CREATE INDEX "person_by_nick" ON directory."person" (owner, by_nick, id) WHERE by_nick <> '';

INSERT INTO directory."person" VALUES
	('o', '1', '{"Name":"Ann","Email":"ann@example.com","Nick":"A","City":"Ulm","Age":41,"Tags":["a","b"]}', 'ann@example.com', 'A'),
	('o', '2', '{"Name":"Bob","Email":"bob@example.com","Nick":"B","City":"Ulm"}', 'bob@example.com', 'B'),
	('other', '1', '{"Name":"Ann","Nick":"A"}', '', 'A');
