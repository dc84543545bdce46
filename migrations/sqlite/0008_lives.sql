-- Which process holds a task or the right to refresh: see store/src/lives.rs.
ALTER TABLE tasks ADD COLUMN life BIGINT;
ALTER TABLE connection_credentials ADD COLUMN lease_life BIGINT;
