-- What the broker told of a contract that is no pair, and when: asked again only once that is old.
CREATE TABLE contract (
    asked TEXT PRIMARY KEY,           -- as a plan writes it, as JSON
    answer TEXT NOT NULL,             -- as the broker names it, as JSON
    at TEXT NOT NULL,
    seal INTEGER
) WITHOUT ROWID;

CREATE TRIGGER contract_inserted AFTER INSERT ON contract BEGIN
    UPDATE contract SET seal = fxrun_seal(NEW.asked, NEW.answer, NEW.at) WHERE asked = NEW.asked;
END;

CREATE TRIGGER contract_updated AFTER UPDATE OF asked, answer, at ON contract BEGIN
    UPDATE contract SET seal = fxrun_seal(NEW.asked, NEW.answer, NEW.at) WHERE asked = NEW.asked;
END;
