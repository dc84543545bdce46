-- People who sign in to the dashboard, and the audit log. `email` is in lower case; `owner` is 0 or 1.
CREATE TABLE users (
    id TEXT PRIMARY KEY,
    email TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    owner BIGINT NOT NULL,
    -- An argon2 hash (PHC string); NULL until the invitation is accepted, and for people who come by OpenID Connect.
    password TEXT,
    -- The sealed secret of one-time passwords; it counts once confirmed.
    totp BLOB,
    totp_confirmed_at BIGINT,
    -- The last time step whose one-time password was taken.
    totp_step BIGINT NOT NULL,
    -- "<issuer> <subject>" of OpenID Connect.
    oidc TEXT UNIQUE,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    last_seen_at BIGINT
);

CREATE TABLE user_roles (
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    environment_id BIGINT NOT NULL REFERENCES environments (id) ON DELETE CASCADE,
    role TEXT NOT NULL,
    PRIMARY KEY (user_id, environment_id)
);
CREATE INDEX user_roles_of_environment ON user_roles (environment_id);

CREATE TABLE user_recovery_codes (
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    hash TEXT NOT NULL,
    PRIMARY KEY (user_id, hash)
);

-- `hash` is the SHA-256 of the cookie's token. `stage` is `half` until the one-time password has come.
CREATE TABLE user_sessions (
    hash TEXT PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    stage TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    user_agent TEXT NOT NULL,
    address TEXT NOT NULL
);
CREATE INDEX user_sessions_of_user ON user_sessions (user_id);
CREATE INDEX user_sessions_by_end ON user_sessions (expires_at);

-- Links: `purpose` is `setup` (without a user), `invite` or `reset`. `hash` is the SHA-256 of the link's token.
CREATE TABLE user_tokens (
    hash TEXT PRIMARY KEY,
    user_id TEXT REFERENCES users (id) ON DELETE CASCADE,
    purpose TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX user_tokens_of_user ON user_tokens (user_id);

-- Who changed what. Nothing here refers to another table: the record outlives what it is about.
-- `status` is NULL until the change has ended, and for good where the process ended first.
CREATE TABLE audit (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    at BIGINT NOT NULL,
    actor_kind TEXT NOT NULL,
    actor_id TEXT NOT NULL,
    actor_name TEXT NOT NULL,
    environment_id BIGINT,
    environment TEXT,
    action TEXT NOT NULL,
    target TEXT NOT NULL,
    detail TEXT NOT NULL,
    status BIGINT,
    ended_at BIGINT
);
CREATE INDEX audit_by_time ON audit (at);
