-- Version 3: a history that shows when it was tampered with, and a ledger that can be restored without a number being used twice.

-- Each row of the history is bound to the one before it by a MAC (chain.py). NULL only where a ledger of version 2 has not been
-- opened yet: its first opening binds what is there.
ALTER TABLE history ADD COLUMN key_id TEXT CONSTRAINT key_id_fits CHECK (length(key_id) BETWEEN 1 AND 16);
ALTER TABLE history ADD COLUMN mac BLOB CONSTRAINT mac_has_16_bytes CHECK (length(mac) = 16);

-- How far the history went, and under which key that was said: whoever cuts off its end cannot say it of a shorter one.
ALTER TABLE meta ADD COLUMN proof_seq INTEGER;
ALTER TABLE meta ADD COLUMN proof_key TEXT;
ALTER TABLE meta ADD COLUMN proof BLOB CONSTRAINT proof_has_16_bytes CHECK (length(proof) = 16);

-- Rows that may be missing: of this generation (?? where nobody knows which it was), opened since then. `recovered_at`: all of
-- its numbers were asked for at WeChat.
CREATE TABLE losses (
    generation    TEXT    NOT NULL PRIMARY KEY CONSTRAINT lost_generation_is_two_characters
                          CHECK (generation GLOB '[0-9A-Za-z][0-9A-Za-z]' OR generation = '??'),
    noticed_at    INTEGER NOT NULL CONSTRAINT noticed_at_is_a_time CHECK (noticed_at >= 0),
    since         INTEGER NOT NULL CONSTRAINT since_is_a_time CHECK (since >= 0),
    what          TEXT    NOT NULL CONSTRAINT what_is_said CHECK (length(what) > 0),
    recovered_at  INTEGER CONSTRAINT recovered_at_is_a_time CHECK (recovered_at >= 0)
) STRICT, WITHOUT ROWID;

-- A generation counts for itself: after a loss the next one begins at 1, where a search finds it.
CREATE TABLE counters_of_generations (
    generation  TEXT    NOT NULL CONSTRAINT generation_is_two_characters CHECK (generation GLOB '[0-9A-Za-z][0-9A-Za-z]'),
    day         TEXT    NOT NULL CONSTRAINT day_is_yymmdd CHECK (day GLOB '[0-9][0-9][0-9][0-9][0-9][0-9]'),
    highest     INTEGER NOT NULL CONSTRAINT counter_is_not_negative CHECK (highest >= 0),
    PRIMARY KEY (generation, day)
) STRICT, WITHOUT ROWID;

INSERT INTO counters_of_generations SELECT meta.generation, day, highest FROM counters, meta;
DROP TABLE counters;
ALTER TABLE counters_of_generations RENAME TO counters;

CREATE TRIGGER counters_only_rise BEFORE UPDATE ON counters
WHEN NEW.generation <> OLD.generation OR NEW.day <> OLD.day OR NEW.highest < OLD.highest
BEGIN SELECT RAISE(ABORT, 'a counter only rises: no number is used twice'); END;

CREATE TRIGGER counters_are_kept BEFORE DELETE ON counters BEGIN SELECT RAISE(ABORT, 'nothing is deleted'); END;

DROP TRIGGER the_generation_stays;
CREATE TRIGGER the_generation_stays BEFORE UPDATE ON meta
WHEN NEW.created_at <> OLD.created_at
     OR (NEW.generation <> OLD.generation AND (
         NOT EXISTS (SELECT 1 FROM losses WHERE generation = OLD.generation)
         OR EXISTS (SELECT 1 FROM losses WHERE generation = NEW.generation)
         OR EXISTS (SELECT 1 FROM counters WHERE generation = NEW.generation)))
BEGIN SELECT RAISE(ABORT, 'the generation stays, unless numbers of it may be lost; and none is taken up again'); END;

CREATE TRIGGER losses_stay_what_they_are BEFORE UPDATE ON losses
WHEN NEW.generation <> OLD.generation OR NEW.noticed_at <> OLD.noticed_at OR NEW.since <> OLD.since OR NEW.what <> OLD.what
     OR OLD.recovered_at <> coalesce(NEW.recovered_at, -1)
BEGIN SELECT RAISE(ABORT, 'a loss stays what it is; it can only be recovered, once'); END;

CREATE TRIGGER losses_are_kept BEFORE DELETE ON losses BEGIN SELECT RAISE(ABORT, 'nothing is deleted'); END;
