-- Environments that were deleted, keys of the whole account, names of keys that are unique, sealed values.

ALTER TABLE environments ADD COLUMN deleted_at BIGINT;

-- Without an environment it is a key of the account. The id is public, a number because the wire says so.
CREATE TABLE api_keys_new (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    environment_id BIGINT REFERENCES environments (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    hash TEXT NOT NULL UNIQUE,
    prefix TEXT NOT NULL,
    scopes TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT,
    revoked_at BIGINT
);
INSERT INTO api_keys_new (environment_id, name, hash, prefix, scopes, created_at, last_used_at, revoked_at)
SELECT k.environment_id,
    k.name || CASE WHEN EXISTS (
        SELECT 1 FROM api_keys o WHERE o.environment_id = k.environment_id AND o.name = k.name AND o.id < k.id
    ) THEN ' ' || substr(k.hash, 1, 8) ELSE '' END,
    k.hash, k.prefix, k.scopes, k.created_at, k.last_used_at, k.revoked_at
FROM api_keys k ORDER BY k.created_at, k.id;
DROP TABLE api_keys;
ALTER TABLE api_keys_new RENAME TO api_keys;
CREATE UNIQUE INDEX api_keys_by_name ON api_keys (COALESCE(environment_id, 0), name) WHERE revoked_at IS NULL;

-- Secrets and variables of an environment; `id` is "<environment>/<kind>/<name>" and the row of the sealed value's place.
CREATE TABLE environment_values (
    id TEXT PRIMARY KEY,
    environment_id BIGINT NOT NULL REFERENCES environments (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    sealed BLOB NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (environment_id, kind, name)
);
