-- The words of an operation under a rowid that sorts by time: the milliseconds of its id, then the low 21 bits of its
-- `seq`. So the newest matches of a frequent word, and those of an hour, are read without the others.
DROP TABLE operations_text;
CREATE VIRTUAL TABLE operations_text USING fts5 (
    words, content = '', contentless_delete = 1, detail = none, tokenize = 'unicode61'
);
DELETE FROM text_queue;
INSERT INTO text_queue (first_seq, last_seq)
    SELECT seq / 500 * 500, seq / 500 * 500 + 499 FROM operations GROUP BY seq / 500;

-- How many operations began in a minute, and how many of them ended badly; `operation` is type:action.
CREATE TABLE operation_counts (
    environment_id BIGINT NOT NULL,
    minute BIGINT NOT NULL,
    operation TEXT NOT NULL,
    integration TEXT NOT NULL,
    total BIGINT NOT NULL,
    failed BIGINT NOT NULL,
    PRIMARY KEY (environment_id, minute, operation, integration)
) WITHOUT ROWID;
INSERT INTO operation_counts (environment_id, minute, operation, integration, total, failed)
    SELECT environment_id, created_at / 60000, kind || ':' || action, COALESCE(integration, ''), COUNT(*),
        SUM(CASE WHEN state IN ('failed', 'timeout') THEN 1 ELSE 0 END)
    FROM operations GROUP BY environment_id, created_at / 60000, kind || ':' || action, COALESCE(integration, '');
