-- The key that signs an environment's outgoing webhooks. Sealed at `signing_keys`, `key_id`, `sealed`; the one before it
-- signs along until `previous_until`.
CREATE TABLE signing_keys (
    environment_id INTEGER PRIMARY KEY REFERENCES environments (id) ON DELETE CASCADE,
    key_id TEXT NOT NULL,
    sealed BLOB NOT NULL,
    created_at BIGINT NOT NULL,
    previous_id TEXT,
    previous_sealed BLOB,
    previous_until BIGINT
);
