-- The twin of sqlite/0008_lives.sql.
ALTER TABLE tasks ADD COLUMN life BIGINT;
ALTER TABLE connection_credentials ADD COLUMN lease_life BIGINT;
