-- What the market was as the orders of a fire left, for reports; nothing that is sent depends on it.
CREATE TABLE arrival (
    plan TEXT NOT NULL,
    order_name TEXT NOT NULL,
    fire TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    at TEXT NOT NULL,        -- when they left
    bid TEXT,                -- NULL, and with it the rest, where nobody told a quote in time
    ask TEXT,
    quoted_at TEXT,
    seal INTEGER,
    PRIMARY KEY (plan, order_name, fire, attempt)
) WITHOUT ROWID;

-- what one unit of a currency was worth in the currency of the account, as the account told it
CREATE TABLE rate (
    at TEXT NOT NULL,
    currency TEXT NOT NULL,
    rate TEXT NOT NULL,
    account_currency TEXT NOT NULL,
    seal INTEGER,
    PRIMARY KEY (at, currency)
) WITHOUT ROWID;

CREATE TRIGGER arrival_inserted AFTER INSERT ON arrival BEGIN
    UPDATE arrival SET seal = fxrun_seal(
        NEW.plan, NEW.order_name, NEW.fire, NEW.attempt, NEW.at, NEW.bid, NEW.ask, NEW.quoted_at
    )
    WHERE plan = NEW.plan AND order_name = NEW.order_name AND fire = NEW.fire AND attempt = NEW.attempt;
END;

CREATE TRIGGER rate_inserted AFTER INSERT ON rate BEGIN
    UPDATE rate SET seal = fxrun_seal(NEW.at, NEW.currency, NEW.rate, NEW.account_currency)
    WHERE at = NEW.at AND currency = NEW.currency;
END;
