-- Everything a run must not forget. Quantities, prices and money are exact decimal text; instants are ISO UTC text.
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE run (
    id INTEGER PRIMARY KEY,
    started TEXT NOT NULL
);

CREATE TABLE fire (
    plan TEXT NOT NULL,
    order_name TEXT NOT NULL,
    fire TEXT NOT NULL,
    due TEXT NOT NULL,
    state TEXT,              -- NULL while claimed and not yet sent
    reason TEXT,
    run INTEGER NOT NULL REFERENCES run (id),
    PRIMARY KEY (plan, order_name, fire)
) WITHOUT ROWID;

CREATE TABLE intent (
    order_ref TEXT PRIMARY KEY,
    plan TEXT NOT NULL,
    order_name TEXT NOT NULL,
    fire TEXT NOT NULL,
    role TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    payload TEXT NOT NULL,   -- the ticket; recovery reads it and never expands a plan again
    state TEXT NOT NULL,
    filled TEXT NOT NULL DEFAULT '0',
    average_price TEXT,
    perm_id INTEGER,
    client_id INTEGER,       -- with route_id: where this session's answers about it come in
    route_id INTEGER,
    note TEXT NOT NULL DEFAULT '',
    closed_with_run INTEGER NOT NULL DEFAULT 0,
    run INTEGER NOT NULL REFERENCES run (id),
    UNIQUE (plan, order_name, fire, role, attempt)
);

CREATE INDEX intent_run ON intent (run);

CREATE TABLE execution (
    root TEXT PRIMARY KEY,   -- exec_id without its revision
    exec_id TEXT NOT NULL,
    order_ref TEXT NOT NULL REFERENCES intent (order_ref),
    contract TEXT NOT NULL,
    side TEXT NOT NULL,
    price TEXT NOT NULL,
    quantity TEXT NOT NULL,
    at TEXT NOT NULL
);

CREATE INDEX execution_order ON execution (order_ref);

CREATE TABLE commission (
    root TEXT PRIMARY KEY,
    amount TEXT NOT NULL,
    currency TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE remark (
    id INTEGER PRIMARY KEY,
    order_ref TEXT,          -- NULL for what is about no order of ours
    at TEXT NOT NULL,
    text TEXT NOT NULL       -- notices of the broker, and facts that did not fit their order's state
);
