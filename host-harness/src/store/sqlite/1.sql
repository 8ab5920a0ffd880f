CREATE TABLE records (
    id INTEGER PRIMARY KEY,
    realm TEXT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    version INTEGER NOT NULL,
    collectable_at INTEGER,
    value BLOB NOT NULL
) STRICT;
-- Apart from the values, so that many names fit in a page.
CREATE UNIQUE INDEX records_by_name ON records (realm, kind, name);
CREATE INDEX records_to_collect ON records (collectable_at) WHERE collectable_at IS NOT NULL;

CREATE TABLE counters (
    realm TEXT NOT NULL,
    name TEXT NOT NULL,
    version INTEGER NOT NULL,
    count INTEGER NOT NULL,
    collectable_at INTEGER NOT NULL,
    PRIMARY KEY (realm, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX counters_to_collect ON counters (collectable_at);

-- What was given out last, of all realms: no version of a record and no position of an event ever comes back.
CREATE TABLE last_given (
    version INTEGER NOT NULL,
    position INTEGER NOT NULL
) STRICT;
INSERT INTO last_given (version, position) VALUES (0, 0);

CREATE TABLE events (
    realm TEXT NOT NULL,
    position INTEGER NOT NULL,
    at INTEGER NOT NULL,
    name TEXT NOT NULL,
    user TEXT,
    notify INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (realm, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE consumers (
    realm TEXT NOT NULL,
    name TEXT NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (realm, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE index_keys (
    realm TEXT NOT NULL PRIMARY KEY,
    id INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE sealing_keys (
    realm TEXT NOT NULL,
    id INTEGER NOT NULL,
    PRIMARY KEY (realm, id)
) STRICT, WITHOUT ROWID;
