-- Live trading: what a claim is judged by, what commands ask of a runner, and a seal on every row.
-- A seal is the crc32 of the row's other values; `fxrun_seal` is ours, so no other program writes a row unnoticed.
-- Moments of claims have microseconds and one width, so that they compare as text; days are UTC days.
ALTER TABLE fire ADD COLUMN claimed_at TEXT;
ALTER TABLE fire ADD COLUMN epoch TEXT;          -- of the runner that claimed it
ALTER TABLE intent ADD COLUMN claimed_at TEXT;   -- also of a denied one; NULL where nothing judged
ALTER TABLE intent ADD COLUMN pair TEXT;
ALTER TABLE intent ADD COLUMN side TEXT;
ALTER TABLE intent ADD COLUMN price TEXT;        -- what the entry was counted with, NULL if no price was known
ALTER TABLE meta ADD COLUMN seal INTEGER;
ALTER TABLE run ADD COLUMN seal INTEGER;
ALTER TABLE fire ADD COLUMN seal INTEGER;
ALTER TABLE intent ADD COLUMN seal INTEGER;
ALTER TABLE execution ADD COLUMN seal INTEGER;
ALTER TABLE commission ADD COLUMN seal INTEGER;
ALTER TABLE remark ADD COLUMN seal INTEGER;

-- every permId that was ever told for an order: more than one is an alarm
CREATE TABLE order_perm (
    order_ref TEXT NOT NULL REFERENCES intent (order_ref),
    perm_id INTEGER NOT NULL,
    seal INTEGER,
    PRIMARY KEY (order_ref, perm_id)
) WITHOUT ROWID;

-- entries claimed in a day; notional is NULL once one of them had no price
CREATE TABLE tally (
    day TEXT NOT NULL,
    pair TEXT NOT NULL,
    quantity TEXT NOT NULL,
    notional TEXT,
    seal INTEGER,
    PRIMARY KEY (day, pair)
) WITHOUT ROWID;

CREATE TABLE fire_count (
    day TEXT NOT NULL,
    plan TEXT NOT NULL,
    fires INTEGER NOT NULL,
    seal INTEGER,
    PRIMARY KEY (day, plan)
) WITHOUT ROWID;

-- why nothing is sent: of one plan, or of all where plan is ''
CREATE TABLE stop (
    plan TEXT PRIMARY KEY,
    reason TEXT NOT NULL,
    at TEXT NOT NULL,
    seal INTEGER
) WITHOUT ROWID;

CREATE TABLE arming (
    plan TEXT PRIMARY KEY,
    digest TEXT NOT NULL,
    account TEXT NOT NULL,
    at TEXT NOT NULL,
    until TEXT NOT NULL,
    seal INTEGER
) WITHOUT ROWID;

-- what a command asks of the runner
CREATE TABLE control (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    target TEXT NOT NULL,
    detail TEXT NOT NULL,
    at TEXT NOT NULL,
    done_at TEXT,            -- NULL until the runner has obeyed
    note TEXT NOT NULL DEFAULT '',
    seal INTEGER
);

CREATE TABLE plan (
    plan TEXT PRIMARY KEY,
    file TEXT NOT NULL,
    digest TEXT NOT NULL,
    next_fire TEXT,
    seal INTEGER
) WITHOUT ROWID;

-- up to when the fires of an order have been looked at
CREATE TABLE evaluated (
    plan TEXT NOT NULL,
    order_name TEXT NOT NULL,
    at TEXT NOT NULL,
    seal INTEGER,
    PRIMARY KEY (plan, order_name)
) WITHOUT ROWID;

CREATE TABLE link (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    state TEXT NOT NULL,
    detail TEXT NOT NULL,
    at TEXT NOT NULL,
    seal INTEGER
);

-- the runner that may claim: a random epoch, drawn anew by each that opens the journal
CREATE TABLE owner (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    epoch TEXT NOT NULL,
    seal INTEGER
);

-- counts the transactions that must not be lost; the mark beside the journal knows the last
CREATE TABLE sequence (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    value INTEGER NOT NULL,
    seal INTEGER
);

UPDATE intent SET pair = json_extract(payload, '$.contract[0]') || '.' || json_extract(payload, '$.contract[1]'),
side = json_extract(payload, '$.side');

CREATE INDEX intent_state ON intent (state, closed_with_run, plan);
CREATE INDEX intent_claimed ON intent (claimed_at, route_id);
CREATE INDEX intent_route ON intent (client_id, route_id);
CREATE INDEX intent_open ON intent (pair, side)
WHERE closed_with_run = 0 AND state IN ('planned', 'sent', 'working', 'held', 'cancel_pending', 'unknown');
CREATE INDEX fire_due ON fire (plan, due);
CREATE INDEX fire_claimed ON fire (plan) WHERE state IS NULL;
CREATE INDEX fire_run ON fire (run);
CREATE INDEX control_done ON control (done_at);

UPDATE meta SET seal = fxrun_seal(key, value);

UPDATE run SET seal = fxrun_seal(id, started);

UPDATE fire SET seal = fxrun_seal(plan, order_name, fire, due, state, reason, run, claimed_at, epoch);

UPDATE intent SET seal = fxrun_seal(
        order_ref, plan, order_name, fire, role, attempt, payload, state, filled, average_price, perm_id,
        client_id, route_id, note, closed_with_run, run, claimed_at, pair, side, price
    );

UPDATE execution SET seal = fxrun_seal(root, exec_id, order_ref, contract, side, price, quantity, at);

UPDATE commission SET seal = fxrun_seal(root, amount, currency);

UPDATE remark SET seal = fxrun_seal(id, order_ref, at, text);

CREATE TRIGGER meta_inserted AFTER INSERT ON meta BEGIN
    UPDATE meta SET seal = fxrun_seal(NEW.key, NEW.value) WHERE key = NEW.key;
END;

CREATE TRIGGER meta_updated AFTER UPDATE OF key, value ON meta BEGIN
    UPDATE meta SET seal = fxrun_seal(NEW.key, NEW.value) WHERE key = NEW.key;
END;

CREATE TRIGGER run_inserted AFTER INSERT ON run BEGIN
    UPDATE run SET seal = fxrun_seal(NEW.id, NEW.started) WHERE id = NEW.id;
END;

CREATE TRIGGER run_updated AFTER UPDATE OF id, started ON run BEGIN
    UPDATE run SET seal = fxrun_seal(NEW.id, NEW.started) WHERE id = NEW.id;
END;

CREATE TRIGGER fire_inserted AFTER INSERT ON fire BEGIN
    UPDATE fire SET seal = fxrun_seal(
        NEW.plan, NEW.order_name, NEW.fire, NEW.due, NEW.state, NEW.reason, NEW.run, NEW.claimed_at,
        NEW.epoch
    ) WHERE plan = NEW.plan AND order_name = NEW.order_name AND fire = NEW.fire;
END;

CREATE TRIGGER fire_updated AFTER UPDATE OF plan, order_name, fire, due, state, reason, run, claimed_at, epoch ON fire BEGIN
    UPDATE fire SET seal = fxrun_seal(
        NEW.plan, NEW.order_name, NEW.fire, NEW.due, NEW.state, NEW.reason, NEW.run, NEW.claimed_at,
        NEW.epoch
    ) WHERE plan = NEW.plan AND order_name = NEW.order_name AND fire = NEW.fire;
END;

CREATE TRIGGER intent_inserted AFTER INSERT ON intent BEGIN
    UPDATE intent SET seal = fxrun_seal(
        NEW.order_ref, NEW.plan, NEW.order_name, NEW.fire, NEW.role, NEW.attempt, NEW.payload, NEW.state,
        NEW.filled, NEW.average_price, NEW.perm_id, NEW.client_id, NEW.route_id, NEW.note,
        NEW.closed_with_run, NEW.run, NEW.claimed_at, NEW.pair, NEW.side, NEW.price
    ) WHERE order_ref = NEW.order_ref;
END;

CREATE TRIGGER intent_updated AFTER UPDATE OF order_ref, plan, order_name, fire, role, attempt, payload, state, filled, average_price, perm_id, client_id, route_id, note, closed_with_run, run, claimed_at, pair, side, price ON intent BEGIN
    UPDATE intent SET seal = fxrun_seal(
        NEW.order_ref, NEW.plan, NEW.order_name, NEW.fire, NEW.role, NEW.attempt, NEW.payload, NEW.state,
        NEW.filled, NEW.average_price, NEW.perm_id, NEW.client_id, NEW.route_id, NEW.note,
        NEW.closed_with_run, NEW.run, NEW.claimed_at, NEW.pair, NEW.side, NEW.price
    ) WHERE order_ref = NEW.order_ref;
END;

CREATE TRIGGER execution_inserted AFTER INSERT ON execution BEGIN
    UPDATE execution SET seal = fxrun_seal(
        NEW.root, NEW.exec_id, NEW.order_ref, NEW.contract, NEW.side, NEW.price, NEW.quantity, NEW.at
    ) WHERE root = NEW.root;
END;

CREATE TRIGGER execution_updated AFTER UPDATE OF root, exec_id, order_ref, contract, side, price, quantity, at ON execution BEGIN
    UPDATE execution SET seal = fxrun_seal(
        NEW.root, NEW.exec_id, NEW.order_ref, NEW.contract, NEW.side, NEW.price, NEW.quantity, NEW.at
    ) WHERE root = NEW.root;
END;

CREATE TRIGGER commission_inserted AFTER INSERT ON commission BEGIN
    UPDATE commission SET seal = fxrun_seal(NEW.root, NEW.amount, NEW.currency) WHERE root = NEW.root;
END;

CREATE TRIGGER commission_updated AFTER UPDATE OF root, amount, currency ON commission BEGIN
    UPDATE commission SET seal = fxrun_seal(NEW.root, NEW.amount, NEW.currency) WHERE root = NEW.root;
END;

CREATE TRIGGER remark_inserted AFTER INSERT ON remark BEGIN
    UPDATE remark SET seal = fxrun_seal(NEW.id, NEW.order_ref, NEW.at, NEW.text) WHERE id = NEW.id;
END;

CREATE TRIGGER remark_updated AFTER UPDATE OF id, order_ref, at, text ON remark BEGIN
    UPDATE remark SET seal = fxrun_seal(NEW.id, NEW.order_ref, NEW.at, NEW.text) WHERE id = NEW.id;
END;

CREATE TRIGGER order_perm_inserted AFTER INSERT ON order_perm BEGIN
    UPDATE order_perm SET seal = fxrun_seal(NEW.order_ref, NEW.perm_id) WHERE order_ref = NEW.order_ref AND perm_id = NEW.perm_id;
END;

CREATE TRIGGER order_perm_updated AFTER UPDATE OF order_ref, perm_id ON order_perm BEGIN
    UPDATE order_perm SET seal = fxrun_seal(NEW.order_ref, NEW.perm_id) WHERE order_ref = NEW.order_ref AND perm_id = NEW.perm_id;
END;

CREATE TRIGGER tally_inserted AFTER INSERT ON tally BEGIN
    UPDATE tally SET seal = fxrun_seal(NEW.day, NEW.pair, NEW.quantity, NEW.notional) WHERE day = NEW.day AND pair = NEW.pair;
END;

CREATE TRIGGER tally_updated AFTER UPDATE OF day, pair, quantity, notional ON tally BEGIN
    UPDATE tally SET seal = fxrun_seal(NEW.day, NEW.pair, NEW.quantity, NEW.notional) WHERE day = NEW.day AND pair = NEW.pair;
END;

CREATE TRIGGER fire_count_inserted AFTER INSERT ON fire_count BEGIN
    UPDATE fire_count SET seal = fxrun_seal(NEW.day, NEW.plan, NEW.fires) WHERE day = NEW.day AND plan = NEW.plan;
END;

CREATE TRIGGER fire_count_updated AFTER UPDATE OF day, plan, fires ON fire_count BEGIN
    UPDATE fire_count SET seal = fxrun_seal(NEW.day, NEW.plan, NEW.fires) WHERE day = NEW.day AND plan = NEW.plan;
END;

CREATE TRIGGER stop_inserted AFTER INSERT ON stop BEGIN
    UPDATE stop SET seal = fxrun_seal(NEW.plan, NEW.reason, NEW.at) WHERE plan = NEW.plan;
END;

CREATE TRIGGER stop_updated AFTER UPDATE OF plan, reason, at ON stop BEGIN
    UPDATE stop SET seal = fxrun_seal(NEW.plan, NEW.reason, NEW.at) WHERE plan = NEW.plan;
END;

CREATE TRIGGER arming_inserted AFTER INSERT ON arming BEGIN
    UPDATE arming SET seal = fxrun_seal(NEW.plan, NEW.digest, NEW.account, NEW.at, NEW.until) WHERE plan = NEW.plan;
END;

CREATE TRIGGER arming_updated AFTER UPDATE OF plan, digest, account, at, until ON arming BEGIN
    UPDATE arming SET seal = fxrun_seal(NEW.plan, NEW.digest, NEW.account, NEW.at, NEW.until) WHERE plan = NEW.plan;
END;

CREATE TRIGGER control_inserted AFTER INSERT ON control BEGIN
    UPDATE control SET seal = fxrun_seal(NEW.id, NEW.kind, NEW.target, NEW.detail, NEW.at, NEW.done_at, NEW.note) WHERE id = NEW.id;
END;

CREATE TRIGGER control_updated AFTER UPDATE OF id, kind, target, detail, at, done_at, note ON control BEGIN
    UPDATE control SET seal = fxrun_seal(NEW.id, NEW.kind, NEW.target, NEW.detail, NEW.at, NEW.done_at, NEW.note) WHERE id = NEW.id;
END;

CREATE TRIGGER plan_inserted AFTER INSERT ON plan BEGIN
    UPDATE plan SET seal = fxrun_seal(NEW.plan, NEW.file, NEW.digest, NEW.next_fire) WHERE plan = NEW.plan;
END;

CREATE TRIGGER plan_updated AFTER UPDATE OF plan, file, digest, next_fire ON plan BEGIN
    UPDATE plan SET seal = fxrun_seal(NEW.plan, NEW.file, NEW.digest, NEW.next_fire) WHERE plan = NEW.plan;
END;

CREATE TRIGGER evaluated_inserted AFTER INSERT ON evaluated BEGIN
    UPDATE evaluated SET seal = fxrun_seal(NEW.plan, NEW.order_name, NEW.at) WHERE plan = NEW.plan AND order_name = NEW.order_name;
END;

CREATE TRIGGER evaluated_updated AFTER UPDATE OF plan, order_name, at ON evaluated BEGIN
    UPDATE evaluated SET seal = fxrun_seal(NEW.plan, NEW.order_name, NEW.at) WHERE plan = NEW.plan AND order_name = NEW.order_name;
END;

CREATE TRIGGER link_inserted AFTER INSERT ON link BEGIN
    UPDATE link SET seal = fxrun_seal(NEW.id, NEW.state, NEW.detail, NEW.at) WHERE id = NEW.id;
END;

CREATE TRIGGER link_updated AFTER UPDATE OF id, state, detail, at ON link BEGIN
    UPDATE link SET seal = fxrun_seal(NEW.id, NEW.state, NEW.detail, NEW.at) WHERE id = NEW.id;
END;

CREATE TRIGGER owner_inserted AFTER INSERT ON owner BEGIN
    UPDATE owner SET seal = fxrun_seal(NEW.id, NEW.epoch) WHERE id = NEW.id;
END;

CREATE TRIGGER owner_updated AFTER UPDATE OF id, epoch ON owner BEGIN
    UPDATE owner SET seal = fxrun_seal(NEW.id, NEW.epoch) WHERE id = NEW.id;
END;

CREATE TRIGGER sequence_inserted AFTER INSERT ON sequence BEGIN
    UPDATE sequence SET seal = fxrun_seal(NEW.id, NEW.value) WHERE id = NEW.id;
END;

CREATE TRIGGER sequence_updated AFTER UPDATE OF id, value ON sequence BEGIN
    UPDATE sequence SET seal = fxrun_seal(NEW.id, NEW.value) WHERE id = NEW.id;
END;
