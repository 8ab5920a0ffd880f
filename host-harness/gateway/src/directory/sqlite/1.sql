CREATE TABLE user (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    -- The name, with the case of its letters taken away.
    folded TEXT NOT NULL UNIQUE,
    email TEXT,
    password TEXT,
    is_operator INTEGER NOT NULL,
    is_active INTEGER NOT NULL,
    was_enrolled INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE company (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE membership (
    user TEXT NOT NULL REFERENCES user (id),
    company TEXT NOT NULL REFERENCES company (id),
    is_admin INTEGER NOT NULL,
    -- A JSON array.
    roles TEXT NOT NULL,
    is_active INTEGER NOT NULL,
    PRIMARY KEY (user, company)
) STRICT, WITHOUT ROWID;
CREATE INDEX membership_company ON membership (company, user);

CREATE TABLE session (
    id BLOB PRIMARY KEY,
    user TEXT NOT NULL REFERENCES user (id),
    level TEXT NOT NULL,
    sealed BLOB NOT NULL,
    version INTEGER NOT NULL,
    ends_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX session_user ON session (user);
CREATE INDEX session_ends_at ON session (ends_at);

CREATE TABLE voucher (
    user TEXT NOT NULL REFERENCES user (id),
    kind TEXT NOT NULL,
    digest BLOB NOT NULL,
    ends_at INTEGER NOT NULL,
    PRIMARY KEY (user, kind)
) STRICT, WITHOUT ROWID;
CREATE INDEX voucher_ends_at ON voucher (ends_at);

CREATE TABLE count (
    key BLOB PRIMARY KEY,
    counted INTEGER NOT NULL,
    ends_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX count_ends_at ON count (ends_at);
