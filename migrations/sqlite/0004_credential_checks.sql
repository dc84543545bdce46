-- When credentials are looked after: `check_at` (NULL: never), their last writing, since when they fail, and the end of
-- the certificate among them.
ALTER TABLE connection_credentials ADD COLUMN check_at BIGINT;
ALTER TABLE connection_credentials ADD COLUMN refreshed_at BIGINT;
ALTER TABLE connection_credentials ADD COLUMN failing_since BIGINT;
ALTER TABLE connection_credentials ADD COLUMN ends_at BIGINT;
UPDATE connection_credentials SET check_at = 0;
CREATE INDEX connection_credentials_check ON connection_credentials (check_at) WHERE check_at IS NOT NULL;
CREATE INDEX connection_credentials_end ON connection_credentials (ends_at) WHERE ends_at IS NOT NULL;

-- Which warnings of an end were given: once for each number of days before it.
CREATE TABLE expiry_warnings (
    subject TEXT NOT NULL,
    ends_at BIGINT NOT NULL,
    days BIGINT NOT NULL,
    warned_at BIGINT NOT NULL,
    PRIMARY KEY (subject, ends_at, days)
);
