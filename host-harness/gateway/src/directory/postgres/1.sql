-- Names are compared by their bytes.
CREATE TABLE gateway_user (
    id text COLLATE "C" PRIMARY KEY,
    name text NOT NULL,
    -- The name, with the case of its letters taken away.
    folded text COLLATE "C" NOT NULL CONSTRAINT gateway_user_folded UNIQUE,
    email text,
    password text,
    is_operator boolean NOT NULL,
    is_active boolean NOT NULL,
    was_enrolled boolean NOT NULL
);
CREATE TABLE gateway_company (
    id text COLLATE "C" PRIMARY KEY,
    name text NOT NULL
);
CREATE TABLE gateway_membership (
    user_id text COLLATE "C" NOT NULL REFERENCES gateway_user (id),
    company text COLLATE "C" NOT NULL REFERENCES gateway_company (id),
    is_admin boolean NOT NULL,
    -- A JSON array.
    roles text NOT NULL,
    is_active boolean NOT NULL,
    PRIMARY KEY (user_id, company)
);
CREATE INDEX gateway_membership_company ON gateway_membership (company, user_id);
CREATE TABLE gateway_session (
    id bytea PRIMARY KEY,
    user_id text COLLATE "C" NOT NULL REFERENCES gateway_user (id),
    level text NOT NULL,
    sealed bytea NOT NULL,
    version bigint NOT NULL,
    ends_at bigint NOT NULL
) WITH (fillfactor = 70);
CREATE INDEX gateway_session_user ON gateway_session (user_id);
CREATE INDEX gateway_session_ends_at ON gateway_session (ends_at);
CREATE TABLE gateway_voucher (
    user_id text COLLATE "C" NOT NULL REFERENCES gateway_user (id),
    kind text COLLATE "C" NOT NULL,
    digest bytea NOT NULL,
    ends_at bigint NOT NULL,
    PRIMARY KEY (user_id, kind)
);
CREATE INDEX gateway_voucher_ends_at ON gateway_voucher (ends_at);
CREATE TABLE gateway_count (
    key bytea PRIMARY KEY,
    counted bigint NOT NULL,
    ends_at bigint NOT NULL
) WITH (fillfactor = 70);
CREATE INDEX gateway_count_ends_at ON gateway_count (ends_at);
UPDATE gateway_schema SET version = 1 WHERE id = 1;
