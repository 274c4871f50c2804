-- What was known at a fire, and whether somebody goes on with it: a restart goes on from here.
CREATE TABLE work (
    plan TEXT NOT NULL,
    order_name TEXT NOT NULL,
    fire TEXT NOT NULL,
    digest TEXT NOT NULL,             -- of the plan's file as it was carried out
    snapshot TEXT NOT NULL,           -- what was known, as JSON
    state TEXT NOT NULL,              -- kept: nothing follows; open: it is being worked; done
    note TEXT NOT NULL DEFAULT '',    -- what was left undone
    seal INTEGER,
    PRIMARY KEY (plan, order_name, fire)
) WITHOUT ROWID;

CREATE INDEX work_open ON work (state) WHERE state = 'open';

-- what was remarked lately is looked for after each login
CREATE INDEX remark_at ON remark (at);

CREATE TRIGGER work_inserted AFTER INSERT ON work BEGIN
    UPDATE work SET seal = fxrun_seal(NEW.plan, NEW.order_name, NEW.fire, NEW.digest, NEW.snapshot, NEW.state, NEW.note)
    WHERE plan = NEW.plan AND order_name = NEW.order_name AND fire = NEW.fire;
END;

CREATE TRIGGER work_updated AFTER UPDATE OF plan, order_name, fire, digest, snapshot, state, note ON work BEGIN
    UPDATE work SET seal = fxrun_seal(NEW.plan, NEW.order_name, NEW.fire, NEW.digest, NEW.snapshot, NEW.state, NEW.note)
    WHERE plan = NEW.plan AND order_name = NEW.order_name AND fire = NEW.fire;
END;
