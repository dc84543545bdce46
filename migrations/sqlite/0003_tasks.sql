-- Units of background work. `due_at` is when a task may be taken; while somebody holds it, the end of their lease.
-- `fence` rises with every claim. A dead task (`dead_at`) is kept for people to look at, without its `dedup` key.
CREATE TABLE tasks (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    dedup TEXT UNIQUE,
    payload TEXT NOT NULL,
    due_at BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    fence BIGINT NOT NULL,
    owner TEXT,
    created_at BIGINT NOT NULL,
    last_error TEXT,
    dead_at BIGINT
);
CREATE INDEX tasks_due ON tasks (kind, due_at, id) WHERE dead_at IS NULL;
CREATE INDEX tasks_held ON tasks (owner) WHERE owner IS NOT NULL;
CREATE INDEX tasks_dead ON tasks (dead_at) WHERE dead_at IS NOT NULL;

-- What makes a task again and again; one open task a schedule.
CREATE TABLE schedules (
    name TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    payload TEXT NOT NULL,
    every_ms BIGINT NOT NULL,
    next_at BIGINT NOT NULL
);
CREATE INDEX schedules_due ON schedules (next_at);

-- One webhook to one receiver. `event_id` is the same at every try and for every receiver of the event.
CREATE TABLE webhook_deliveries (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    environment_id BIGINT NOT NULL REFERENCES environments (id) ON DELETE CASCADE,
    event_id TEXT NOT NULL,
    event TEXT NOT NULL,
    integration TEXT,
    connection TEXT,
    url TEXT NOT NULL,
    body TEXT NOT NULL,
    state TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    status BIGINT,
    error TEXT,
    tries TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    next_at BIGINT,
    ended_at BIGINT
);
CREATE INDEX webhook_deliveries_of_environment ON webhook_deliveries (environment_id, seq);
CREATE INDEX webhook_deliveries_by_creation ON webhook_deliveries (created_at);
