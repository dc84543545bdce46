-- The twin of sqlite/0002_signing_keys.sql.
CREATE TABLE signing_keys (
    environment_id BIGINT PRIMARY KEY REFERENCES environments (id) ON DELETE CASCADE,
    key_id TEXT NOT NULL,
    sealed BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    previous_id TEXT,
    previous_sealed BYTEA,
    previous_until BIGINT
);
