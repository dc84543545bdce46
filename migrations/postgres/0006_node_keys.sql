-- Which encryption keys each running process knows; a row is a heartbeat.
CREATE TABLE node_keys (
    node TEXT PRIMARY KEY,
    known TEXT NOT NULL,
    sealing TEXT NOT NULL,
    seen_at BIGINT NOT NULL
);
