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

-- The last version given out, of any record: none is ever given out again.
CREATE TABLE versions (last INTEGER NOT NULL) STRICT;
INSERT INTO versions (last) VALUES (0);

-- AUTOINCREMENT keeps a position from coming back when the last events were deleted.
CREATE TABLE events (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    realm TEXT NOT NULL,
    at INTEGER NOT NULL,
    name TEXT NOT NULL,
    user TEXT,
    notify INTEGER NOT NULL,
    body TEXT NOT NULL
) STRICT;
CREATE INDEX events_by_realm ON events (realm);

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
