-- What a program of schema version 1 left behind. See storetest.Version1.
CREATE TABLE schema (
	version INTEGER NOT NULL
) STRICT;
INSERT INTO schema VALUES (1);

CREATE TABLE collection (
	name    TEXT NOT NULL PRIMARY KEY,
	indexes TEXT NOT NULL
) STRICT;
INSERT INTO collection VALUES ('person', '[{"name":"email","unique":true},{"name":"nick","unique":false}]');

CREATE TABLE "person" (
	owner TEXT NOT NULL,
	id    TEXT NOT NULL,
	doc   BLOB NOT NULL,
	by_email TEXT NOT NULL DEFAULT '',
	by_nick  TEXT NOT NULL DEFAULT '',
	PRIMARY KEY (owner, id)
) STRICT;
CREATE UNIQUE INDEX "person_by_email" ON "person" (owner, by_email) WHERE by_email <> '';
CREATE INDEX "person_by_nick" ON "person" (owner, by_nick, id) WHERE by_nick <> '';

INSERT INTO "person" VALUES
	('o', '1', jsonb('{"Name":"Ann","Email":"ann@example.com","Nick":"A","City":"Ulm","Age":41,"Tags":["a","b"]}'), 'ann@example.com', 'A'),
	('o', '2', jsonb('{"Name":"Bob","Email":"bob@example.com","Nick":"B","City":"Ulm"}'), 'bob@example.com', 'B'),
	('other', '1', jsonb('{"Name":"Ann","Nick":"A"}'), '', 'A');
