-- Times are Unix milliseconds, JSON is TEXT, sealed values are BLOB.

CREATE TABLE meta (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

CREATE TABLE environments (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL UNIQUE,
    settings TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE TABLE api_keys (
    id TEXT PRIMARY KEY,
    environment_id BIGINT NOT NULL REFERENCES environments (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    hash TEXT NOT NULL UNIQUE,
    prefix TEXT NOT NULL,
    scopes TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT,
    revoked_at BIGINT
);
CREATE INDEX api_keys_of_environment ON api_keys (environment_id);

CREATE TABLE integrations (
    id TEXT PRIMARY KEY,
    environment_id BIGINT NOT NULL REFERENCES environments (id) ON DELETE CASCADE,
    unique_key TEXT NOT NULL,
    provider TEXT NOT NULL,
    display_name TEXT,
    client_id TEXT,
    client_secret BLOB,
    scopes TEXT NOT NULL,
    settings TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (environment_id, unique_key)
);

-- Credentials stand in their own table: a list never reads them and a refresh rewrites nothing else.
CREATE TABLE connections (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    environment_id BIGINT NOT NULL REFERENCES environments (id) ON DELETE CASCADE,
    integration_id TEXT NOT NULL REFERENCES integrations (id) ON DELETE CASCADE,
    connection_id TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    last_fetched_at BIGINT,
    end_user_id TEXT,
    organization_id TEXT,
    end_user TEXT,
    tags TEXT NOT NULL,
    metadata TEXT,
    config TEXT NOT NULL,
    webhook_url_override TEXT,
    search_text TEXT NOT NULL,
    health_error TEXT,
    health_failed_at BIGINT,
    health_failures BIGINT NOT NULL,
    UNIQUE (integration_id, connection_id)
);
CREATE INDEX connections_by_creation ON connections (environment_id, created_at, id);
CREATE INDEX connections_of_integration ON connections (integration_id, created_at, id);
CREATE INDEX connections_of_end_user ON connections (environment_id, end_user_id, created_at, id)
    WHERE end_user_id IS NOT NULL;
CREATE INDEX connections_of_organization ON connections (environment_id, organization_id, created_at, id)
    WHERE organization_id IS NOT NULL;

-- `tags` of connections, spread out; the key alone answers a filtered list at any depth.
CREATE TABLE connection_tags (
    environment_id BIGINT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    connection_row BIGINT NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
    PRIMARY KEY (environment_id, key, value, created_at, connection_row)
) WITHOUT ROWID;
CREATE INDEX connection_tags_of_connection ON connection_tags (connection_row);

-- `fence` rises with every claim and every overwrite; only its holder may write back.
CREATE TABLE connection_credentials (
    connection_row INTEGER PRIMARY KEY REFERENCES connections (id) ON DELETE CASCADE,
    seal_id TEXT NOT NULL,
    version BIGINT NOT NULL,
    expires_at BIGINT,
    fence BIGINT NOT NULL,
    lease_until BIGINT,
    intent TEXT,
    interrupted TEXT,
    sealed BLOB NOT NULL
);

CREATE TABLE resource_tokens (
    connection_row BIGINT NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
    resource TEXT NOT NULL,
    expires_at BIGINT,
    created_at BIGINT NOT NULL,
    sealed BLOB NOT NULL,
    PRIMARY KEY (connection_row, resource)
);

CREATE TABLE learned_hosts (
    connection_row BIGINT NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
    resource TEXT NOT NULL,
    origin TEXT NOT NULL,
    learned_at BIGINT NOT NULL,
    PRIMARY KEY (connection_row, resource)
);

CREATE TABLE connect_sessions (
    id TEXT PRIMARY KEY,
    environment_id BIGINT NOT NULL REFERENCES environments (id) ON DELETE CASCADE,
    token_hash TEXT NOT NULL UNIQUE,
    end_user TEXT,
    tags TEXT NOT NULL,
    allowed_integrations TEXT NOT NULL,
    defaults TEXT NOT NULL,
    reconnect_row BIGINT,
    webhook_url_override TEXT,
    expires_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX connect_sessions_by_end ON connect_sessions (expires_at);

CREATE TABLE oauth_states (
    state_hash TEXT PRIMARY KEY,
    environment_id BIGINT NOT NULL REFERENCES environments (id) ON DELETE CASCADE,
    integration_key TEXT NOT NULL,
    cookie_hash TEXT NOT NULL,
    payload BLOB NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX oauth_states_by_end ON oauth_states (expires_at);

CREATE TABLE admin_links (
    hash TEXT PRIMARY KEY,
    payload BLOB NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX admin_links_by_end ON admin_links (expires_at);

CREATE TABLE pending_certificates (
    id TEXT PRIMARY KEY,
    environment_id BIGINT NOT NULL REFERENCES environments (id) ON DELETE CASCADE,
    session_id TEXT NOT NULL,
    integration_key TEXT NOT NULL,
    payload BLOB NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX pending_certificates_by_end ON pending_certificates (expires_at);

-- Two secondary indexes and one that holds running operations only: none of those for a finished call.
CREATE TABLE operations (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    environment_id BIGINT NOT NULL,
    id TEXT NOT NULL,
    kind TEXT NOT NULL,
    action TEXT NOT NULL,
    state TEXT NOT NULL,
    integration TEXT,
    connection TEXT,
    provider TEXT,
    status BIGINT,
    created_at BIGINT NOT NULL,
    ended_at BIGINT,
    duration_us BIGINT,
    bytes BIGINT NOT NULL,
    summary TEXT NOT NULL,
    error TEXT,
    detail TEXT,
    UNIQUE (environment_id, id)
);
CREATE INDEX operations_of_connection ON operations (environment_id, connection, id);
CREATE INDEX operations_running ON operations (created_at) WHERE state = 'running';

CREATE TABLE messages (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    environment_id BIGINT NOT NULL,
    operation_id TEXT NOT NULL,
    sequence BIGINT NOT NULL,
    level TEXT NOT NULL,
    kind TEXT NOT NULL,
    text TEXT NOT NULL,
    detail TEXT,
    created_at BIGINT NOT NULL,
    duration_us BIGINT
);
CREATE INDEX messages_of_operation ON messages (environment_id, operation_id, sequence);

-- What the text indexer still has to read: ranges of `operations.seq`.
CREATE TABLE text_queue (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    first_seq BIGINT NOT NULL,
    last_seq BIGINT NOT NULL
);

-- The words of operation `seq` under rowid `seq`. Without positions: queries are lists of single words.
CREATE VIRTUAL TABLE operations_text USING fts5 (
    words, content = '', contentless_delete = 1, detail = none, tokenize = 'unicode61'
);

CREATE TABLE log_usage (
    id INTEGER PRIMARY KEY,
    bytes BIGINT NOT NULL
);
INSERT INTO log_usage (id, bytes) VALUES (1, 0);
