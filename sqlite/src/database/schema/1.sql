-- The secret of login layers that have none configured.
CREATE TABLE secrets (
    name TEXT NOT NULL PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- Times are in milliseconds; points in time are since the Unix epoch. `owner` is a digest of store, namespace and
-- subject. `record` is encrypted if there is a key.
CREATE TABLE sessions (
    digest BLOB NOT NULL,
    namespace BLOB NOT NULL,
    store TEXT NOT NULL,
    owner BLOB NOT NULL,
    used INTEGER NOT NULL,
    idle INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    record BLOB NOT NULL,
    PRIMARY KEY (digest, namespace, store)
) STRICT, WITHOUT ROWID;

CREATE INDEX sessions_by_owner ON sessions (owner);

-- Revocations of the last ten minutes, in order: pending logins compare them with their stamp, and other processes
-- invalidate their caches. `kind`: 0 one session, 1 all of an owner, 2 all of a namespace; 3 a session that another
-- one has replaced or evicted, which concerns caches only.
CREATE TABLE revocations (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    kind INTEGER NOT NULL,
    store TEXT NOT NULL,
    namespace BLOB NOT NULL,
    key BLOB NOT NULL,
    at INTEGER NOT NULL
) STRICT;

-- Flow claims; then the outcome of the exchange (encrypted if there is a key), or the note about a rejected code.
CREATE TABLE flows (
    flow TEXT NOT NULL PRIMARY KEY,
    claimed_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    outcome BLOB,
    note INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX flows_by_expiry ON flows (expires_at);

-- Access tokens and the lease to fetch one.
CREATE TABLE tokens (
    name TEXT NOT NULL PRIMARY KEY,
    fencing_token INTEGER NOT NULL,
    holder TEXT,
    leased_until INTEGER NOT NULL,
    token BLOB,
    published_under INTEGER NOT NULL,
    published_at INTEGER,
    ends_at INTEGER NOT NULL,
    early_replacements INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
