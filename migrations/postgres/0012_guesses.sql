-- Guesses at passwords and codes in windows of time. `key` is a hash of what is guessed at and from where.
CREATE TABLE guesses (
    key TEXT PRIMARY KEY,
    count BIGINT NOT NULL,
    ends_at BIGINT NOT NULL
);
CREATE INDEX guesses_by_end ON guesses (ends_at);
