-- Shifts: what is counted between one Z report and the next, with the report as it was printed, for ever.

-- A shift's arrows are in the history, and bound there, as all others: the kinds of rows are one more. A CHECK is no content: it is
-- replaced in the schema's text alone (sqlite.org/lang_altertable.html, "Making Other Kinds Of Table Schema Changes"), and no row of
-- the largest table is copied. The tables made below change the schema's number, by which SQLite notices.
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(sql, 'kind IN (''sale'', ''order'', ''refund'')',
                                            'kind IN (''sale'', ''order'', ''refund'', ''shift'')')
WHERE type = 'table' AND name = 'history';
PRAGMA writable_schema = RESET;

-- Between the end of the shift before it and its own end in the history lies what it counts; `z` is without a gap.
CREATE TABLE shifts (
    shift_id     TEXT    NOT NULL PRIMARY KEY CONSTRAINT shift_id_fits CHECK (length(shift_id) BETWEEN 1 AND 64),
    z            INTEGER NOT NULL UNIQUE,
    opened_at    INTEGER NOT NULL CONSTRAINT opened_at_is_a_time CHECK (opened_at >= 0),
    zone         TEXT    NOT NULL CONSTRAINT zone_is_named CHECK (length(zone) BETWEEN 1 AND 64),
    day_starts   TEXT    NOT NULL CONSTRAINT day_starts_at_a_time CHECK (day_starts GLOB '[0-2][0-9]:[0-5][0-9]'),
    state        TEXT    NOT NULL CONSTRAINT shift_state_is_known CHECK (state IN ('open', 'closed')),
    opened_by    TEXT    CONSTRAINT opened_by_fits CHECK (length(opened_by) BETWEEN 1 AND 100),
    closed_at    INTEGER CONSTRAINT closed_at_is_later CHECK (closed_at >= opened_at),
    closed_by    TEXT    CONSTRAINT closed_by_fits CHECK (length(closed_by) BETWEEN 1 AND 100),
    -- As JSON, which json_type() may not check here: trusted_schema is off.
    taken_over   TEXT    NOT NULL CONSTRAINT taken_over_is_a_list CHECK (taken_over GLOB '[[]*]'),
    handed_over  TEXT    NOT NULL CONSTRAINT handed_over_is_a_list CHECK (handed_over GLOB '[[]*]'),
    tallies      TEXT    NOT NULL CONSTRAINT tallies_are_a_list CHECK (tallies GLOB '[[]*]'),

    CONSTRAINT closed_has_a_time CHECK ((closed_at IS NOT NULL) = (state = 'closed')),
    CONSTRAINT open_has_no_end CHECK (state = 'closed' OR (closed_by IS NULL AND handed_over = '[]' AND tallies = '[]'))
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX one_shift_is_open ON shifts (state) WHERE state = 'open';
CREATE INDEX shifts_by_end ON shifts (closed_at) WHERE state = 'closed';

CREATE TRIGGER shifts_count_on BEFORE INSERT ON shifts
WHEN NEW.z <> (SELECT coalesce(max(z), 0) + 1 FROM shifts)
BEGIN SELECT RAISE(ABORT, 'the number of a shift is the one after the last'); END;

CREATE TRIGGER shifts_keep_what_they_are BEFORE UPDATE ON shifts
WHEN OLD.state = 'closed' OR NEW.shift_id <> OLD.shift_id OR NEW.z <> OLD.z OR NEW.opened_at <> OLD.opened_at
     OR NEW.zone <> OLD.zone OR NEW.day_starts <> OLD.day_starts OR NEW.opened_by IS NOT OLD.opened_by
BEGIN SELECT RAISE(ABORT, 'a shift is closed once, and what it is never changes'); END;

CREATE TRIGGER shifts_are_kept BEFORE DELETE ON shifts BEGIN SELECT RAISE(ABORT, 'nothing is deleted'); END;

-- A day's totals come from these indexes alone, however many other days there are.
CREATE INDEX orders_paid_by_opening ON orders (opened_at, tender, currency, amount, sale_id, state) WHERE state = 'PAID';
CREATE INDEX sales_tipped ON sales (sale_id, tip) WHERE tip IS NOT NULL;

-- Exports go through the paid orders by the time they were found paid.
CREATE INDEX orders_paid ON orders (settled_at) WHERE state = 'PAID';
