-- Reconciliation: which days were held against WeChat's statement, with what result, and each difference until it is settled.

CREATE TABLE reconciliations (
    day     TEXT    NOT NULL PRIMARY KEY CONSTRAINT day_is_a_date CHECK (day GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]'),
    at      INTEGER NOT NULL CONSTRAINT at_is_a_time CHECK (at >= 0),
    source  TEXT    NOT NULL CONSTRAINT source_is_known CHECK (source IN ('fetched', 'file', 'none')),
    sha1    TEXT    CONSTRAINT sha1_is_one CHECK (length(sha1) = 40 AND sha1 NOT GLOB '*[^0-9a-f]*'),
    rows    INTEGER NOT NULL CONSTRAINT rows_are_counted CHECK (rows >= 0),
    others  INTEGER NOT NULL CONSTRAINT others_are_counted CHECK (others BETWEEN 0 AND rows),
    agreed  INTEGER NOT NULL CONSTRAINT agreed_are_counted CHECK (agreed BETWEEN 0 AND rows - others),
    sums    TEXT    NOT NULL CONSTRAINT sums_are_a_list CHECK (substr(sums, 1, 1) = '['),
    CONSTRAINT a_statement_has_a_sha1 CHECK ((sha1 IS NULL) = (source = 'none'))
) STRICT, WITHOUT ROWID;

CREATE TABLE differences (
    day             TEXT    NOT NULL CONSTRAINT day_is_a_date CHECK (day GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]'),
    moved           TEXT    NOT NULL CONSTRAINT moved_is_known CHECK (moved IN ('payment', 'reversal', 'refund')),
    number          TEXT    NOT NULL CONSTRAINT number_fits CHECK (length(number) BETWEEN 1 AND 64),
    out_trade_no    TEXT    NOT NULL CONSTRAINT out_trade_no_fits CHECK (length(out_trade_no) BETWEEN 1 AND 32),
    what            TEXT    NOT NULL CONSTRAINT what_is_known CHECK (what IN ('only_ours', 'only_theirs', 'amount', 'state')),
    at              INTEGER NOT NULL CONSTRAINT at_is_a_time CHECK (at >= 0),
    ours            TEXT,
    theirs          TEXT,
    our_amount      INTEGER CONSTRAINT our_amount_is_not_negative CHECK (our_amount >= 0),
    our_currency    TEXT,
    their_amount    INTEGER CONSTRAINT their_amount_is_not_negative CHECK (their_amount >= 0),
    their_currency  TEXT,
    noted_at        INTEGER NOT NULL CONSTRAINT noted_at_is_a_time CHECK (noted_at >= 0),
    standing        TEXT    NOT NULL CONSTRAINT standing_is_known CHECK (standing IN ('open', 'settled', 'attention')),
    settled_at      INTEGER CONSTRAINT settled_at_is_a_time CHECK (settled_at >= 0),
    note            TEXT    CONSTRAINT note_fits CHECK (length(note) BETWEEN 1 AND 1000),
    PRIMARY KEY (day, moved, number),
    CONSTRAINT settled_has_a_time CHECK ((settled_at IS NULL) = (standing <> 'settled')),
    CONSTRAINT attention_has_a_note CHECK (standing <> 'attention' OR note IS NOT NULL),
    CONSTRAINT one_side_has_it CHECK (ours IS NOT NULL OR theirs IS NOT NULL)
) STRICT, WITHOUT ROWID;

CREATE INDEX differences_that_stand ON differences (standing, day) WHERE standing <> 'settled';

-- In which other day's statement a payment or refund stands than the ledger's own time of it says.
CREATE TABLE stated_elsewhere (
    number  TEXT NOT NULL,
    moved   TEXT NOT NULL CONSTRAINT moved_is_known CHECK (moved IN ('payment', 'reversal', 'refund')),
    day     TEXT NOT NULL CONSTRAINT day_is_a_date CHECK (day GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]'),
    PRIMARY KEY (number, moved)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER reconciliations_are_kept BEFORE DELETE ON reconciliations BEGIN SELECT RAISE(ABORT, 'nothing is deleted'); END;
CREATE TRIGGER differences_are_kept BEFORE DELETE ON differences BEGIN SELECT RAISE(ABORT, 'nothing is deleted'); END;

CREATE TRIGGER differences_stay_settled BEFORE UPDATE ON differences
WHEN (OLD.standing = 'settled' AND NEW.standing <> 'settled') OR (OLD.standing = 'attention' AND NEW.standing = 'open')
BEGIN SELECT RAISE(ABORT, 'a difference that was settled stays so'); END;
